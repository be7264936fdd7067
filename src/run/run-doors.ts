/** Everything that a run reaches through: the doors of the rim, and the engine's skills handed in as functions. */

import type { Result } from '../base/result.ts';
import type { DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { Verdict } from '../model/gate.ts';
import type { MemberName } from '../model/ids.ts';
import type { DialEvidence } from '../model/link-cell.ts';
import type { ObservedState } from '../model/observed.ts';
import type { ProvenRollout } from '../model/proof.ts';
import type { Direction } from '../model/rollout.ts';
import type { World } from '../model/world.ts';
import type {
  Clock,
  DataRestorer,
  EtcdMember,
  EventSink,
  Host,
  MemberDoors,
  OpenEtcd,
  PeerDialer,
  Pki,
  Restorer,
} from '../ports.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { Touched } from '../model/step.ts';

export interface RunDoors {
  readonly desired: DesiredSpec;
  readonly members: ReadonlyMap<MemberName, MemberDoors>;
  /** One client a member; a member's client URL does not change in a run. */
  readonly etcd: ReadonlyMap<MemberName, EtcdMember>;
  readonly ids: ReadonlyMap<MemberName, string>;
  /** SHA-256 of each member's config file when this process first looked, where it could be read. */
  readonly seenDigests: ReadonlyMap<MemberName, string>;
  /** The operator's machine. */
  readonly here: Host;
  readonly pki: Pki;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly journal: JournalWriter;
  /** Look again: discover's skill. */
  readonly observe: () => Promise<Result<Seen, readonly Failure[]>>;
  /** Plan and prove again, from what is there: the engine's skill. */
  readonly planAgain: (request: PlanRequest) => Promise<Result<ProvenRollout, Failure>>;
  /** Makes the certificates of an issue step in the operator's pki folder. */
  readonly issue: (
    members: readonly MemberName[],
    makesAuthority: boolean,
    side?: 'clients',
  ) => Promise<Result<undefined, Failure>>;
  /** Where no API answers: how the peer ports look from every host, and whether a member is back. */
  readonly peers?: {
    readonly verdict: (expected: World, touched: Touched) => Promise<Verdict>;
    readonly isBack: (member: MemberName) => Promise<boolean>;
  };
  /**
   * Where no metrics can be read: a dial of each of these pairs `a>b` from a's host with a's own files. Only of
   * pairs that the model says are good, for no dial is made that must be refused.
   */
  readonly dialLinks?: (
    pairs: readonly string[],
  ) => Promise<ReadonlyMap<string, Omit<DialEvidence, 'atMs'>>>;
  /** Dials client ports from this machine, as clients would. */
  readonly dialer: PeerDialer;
  /** Restores a snapshot on the operator's machine. */
  readonly restorer: Restorer;
  /** Makes the data of stopped members anew on their hosts. */
  readonly dataRestorer: DataRestorer;
  /** A member on this machine. */
  readonly openHere: OpenEtcd;
  /** In the clear, whatever the member serves beside. */
  readonly openPlain: OpenEtcd;
  readonly backupPath: string;
  readonly lockKey: string;
  /** What the canary's keys begin with. */
  readonly canaryPrefix: string;
  readonly lockOwner: string;
  /** Stands in the process list beside every service command of this run. */
  readonly marker: string;
}

export interface Seen {
  readonly observed: ObservedState;
  readonly world: World;
}

export interface PlanRequest {
  readonly direction: Direction;
  /** Only start what this run has left stopped. */
  readonly repairsOnly: boolean;
  /** Pairs that no fresh probe has shown since they last changed. */
  readonly unobserved: readonly string[];
  /** Pairs that fresh probes have shown broken although the model says yes. */
  readonly blocked: readonly string[];
}
