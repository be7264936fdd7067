/**
 * A saved snapshot made into a member again, on the operator's machine, to see that it can be; and the data of stopped
 * members made anew on their hosts. Types only.
 */

import type { Fact } from '../model/observed.ts';
import type { Answer } from './answer.ts';
import type { Host } from './host.ts';

export interface RestoreTools {
  readonly etcd: string;
  /** Restores and tells a snapshot's revision. */
  readonly restorer: string;
  /** For people: `etcdctl and etcd 3.4.23`. */
  readonly words: string;
}

export interface ScratchMember {
  /** On loopback, at a port that was free. */
  readonly endpoint: string;
  /** The last one of the snapshot, as its restorer tells it. */
  readonly revision: string;
  /** The end of what the process has said. */
  lastWords(): Promise<string>;
  /** Good when the process is gone and its folder is removed. */
  end(): Answer<undefined>;
}

export interface Restorer {
  /** Programs of this version's line on this machine; unknown: why there are none. */
  tools(version: string): Promise<Fact<RestoreTools>>;
  /** A member of its own from the snapshot, which may not serve yet. BACKUP_FAILED; then nothing is left. */
  restore(snapshotPath: string, tools: RestoreTools): Answer<ScratchMember>;
}

/** The data of one member, which is stopped. */
export interface DataPlace {
  readonly host: Host;
  /** Its data folder. */
  readonly folder: string;
  /** Of the attempt, the same each time that it is gone on with: whatever is made has it in its name. */
  readonly mark: string;
}

/** What a member's new data are made with. */
export interface NewData {
  /** etcdutl or etcdctl on the member's host. */
  readonly restorer: string;
  readonly name: string;
  /** `m1=https://10.0.0.1:2380,...` */
  readonly initialCluster: string;
  readonly advertised: string;
}

export interface DataRestorer {
  /** The program on this host that restores databases of this version's line; unknown: why there is none. */
  restorer(host: Host, version: string): Promise<Fact<string>>;
  /** Do keys of the v2 API stand in these data? Also of a member that runs. Unknown: that cannot be told. */
  holdsV2Keys(host: Host, folder: string): Promise<Fact<boolean>>;
  /** The last revision of the member's own database, wherever an earlier attempt has put it. RESTORE_FAILED */
  revision(place: DataPlace, restorer: string): Answer<bigint>;
  /**
   * New data from the database of `from`, in the place of what there was; the answer is where that stays. Data that
   * the same attempt has made before are left as they are. RESTORE_FAILED
   */
  restore(target: DataPlace, from: DataPlace, made: NewData): Answer<string>;
}
