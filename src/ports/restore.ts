/** A saved snapshot made into a member again, on the operator's machine, to see that it can be. Types only. */

import type { Fact } from '../model/observed.ts';
import type { Answer } from './answer.ts';

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
