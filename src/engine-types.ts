/** What the engine is given by the floor above it, and what its commands answer. */

import type { DesiredSpec } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import type { MemberName, RunId } from './model/ids.ts';
import type { Material } from './model/material.ts';
import type { ObservedState } from './model/observed.ts';
import type { ProvenRollout } from './model/proof.ts';
import type { RunState } from './model/run-state.ts';
import type { World } from './model/world.ts';
import type { PauseRequest } from './run/pauses.ts';
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
  RunStore,
} from './ports.ts';

/** Everything at the rim that one plan file needs. */
export interface Rim {
  readonly desired: DesiredSpec;
  readonly doors: ReadonlyMap<MemberName, MemberDoors>;
  readonly openEtcd: OpenEtcd;
  /** A member on this machine, whatever way those of the cluster are reached. */
  readonly openHere: OpenEtcd;
  /** In the clear, whatever the member serves beside: for what a client without TLS gets there. */
  readonly openPlain: OpenEtcd;
  /** The operator's machine. */
  readonly here: Host;
  readonly pki: Pki;
  readonly clock: Clock;
  readonly dialer: PeerDialer;
  readonly store: RunStore;
  readonly restorer: Restorer;
  readonly dataRestorer: DataRestorer;
  close(): Promise<void>;
}

export interface Options {
  /** One- and two-member clusters: a pause in writes is taken. */
  readonly acceptDowntime: boolean;
  /** Names of members that may be down from the start. */
  readonly tolerateDown: readonly string[];
  /** `peershift 0.1.0` */
  readonly program: string;
  /** Who runs it, for the lock: `user@machine pid 123`. */
  readonly owner: string;
  /** Owner text of a dead run whose cluster lock is taken over. */
  readonly breaksLockOf?: string | undefined;
  /** --watch-writes */
  readonly watchesWrites?: boolean | undefined;
  readonly newRunId: () => RunId;
  readonly events: EventSink;
}

/** What a look at the cluster gave, with everything a plan is made from. */
export interface Session {
  readonly observed: ObservedState;
  readonly world: World;
  readonly material: Material;
  /** What members show to clients, where the scope moves them. */
  readonly clientMaterial?: Material;
  readonly etcd: ReadonlyMap<MemberName, EtcdMember>;
  readonly warnings: readonly string[];
  /** Refusals that count only when the rollout restarts a member. */
  readonly downtime: readonly Failure[];
}

export interface Prepared extends Session {
  readonly proven: ProvenRollout;
}

/** What a command that may change things ended with. */
export interface Ended {
  readonly exit: number;
  readonly state: RunState | undefined;
  /** Why it did not end well; empty when it did, or when the person said no. */
  readonly failures: readonly Failure[];
  readonly reportPath: string | undefined;
  /** The folder with files for the people around the cluster, after a migration. */
  readonly handoffPath?: string | undefined;
}

/** Asked once, after the preview and before the first change; undefined: no. */
export type Confirm = (prepared: Prepared) => Promise<Confirmed | undefined>;

export interface Confirmed {
  /** Where the run is to pause. */
  readonly pauses: PauseRequest;
}

/** How a running run is asked to stop at the next safe point. */
export type OnStop = (stop: (how: 'STOP' | 'PAUSE') => void) => void;

/** Is a member's process on this machine? */
export function membersHere({ doors, here }: Rim): (name: MemberName) => boolean {
  return (name) => {
    const of = doors.get(name);
    return (of?.machine ?? of?.host) === here;
  };
}
