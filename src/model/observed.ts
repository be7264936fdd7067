/** The observed state: what was seen of a live cluster and its hosts, with every gap named. */

import type { Certificate, FileFact } from './certificate.ts';
import type { ConfigSources } from './config-sources.ts';
import type { DeadManFact } from './dead-man.ts';
import type { MemberId, MemberName } from './ids.ts';
import type { Settings } from './settings.ts';
import type { PeerUrl } from './url.ts';

/** One observation, or the reason why there is none. Unknown is never read as good. */
export type Fact<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly reason: string };

export function known<T>(value: T): Fact<T> {
  return { known: true, value };
}

export function unknown(reason: string): { readonly known: false; readonly reason: string } {
  return { known: false, reason };
}

export function valueOf<T>(fact: Fact<T>): T | undefined {
  return fact.known ? fact.value : undefined;
}

export interface ObservedState {
  readonly observedAtMs: number;
  /** Hex, as etcd prints it. */
  readonly clusterId: string;
  readonly members: readonly ObservedMember[];
  /** In the member list and not in the plan file, or the other way round. */
  readonly strangers: readonly Stranger[];
  readonly leader: Fact<MemberName>;
  readonly alarms: Fact<readonly { readonly member: string; readonly alarm: string }[]>;
  /** CA certificates of all files that were read, by fingerprint. */
  readonly authorities: readonly Certificate[];
}

export interface Stranger {
  readonly name: string;
  readonly id: MemberId | undefined;
  readonly kind: 'not-in-plan' | 'not-in-cluster' | 'unstarted';
}

export interface ObservedMember {
  readonly name: MemberName;
  readonly id: MemberId;
  readonly isLearner: boolean;
  /** The member list as the cluster agreed on it. */
  readonly peerUrls: readonly PeerUrl[];
  readonly clientUrls: readonly string[];
  /** The client URL that answers as this member. */
  readonly endpoint: Fact<string>;
  /** This member's own copy of the list: name to peer URLs. */
  readonly view: Fact<Readonly<Record<string, readonly PeerUrl[]>>>;
  readonly status: Fact<MemberStatus>;
  /** As its peer port tells it; asked only where no API answers. */
  readonly peerVersion?: string;
  readonly health: Fact<{ readonly isHealthy: boolean; readonly reason: string | undefined }>;
  readonly process: Fact<ProcessFact | 'stopped'>;
  /** Settings of the running process (command line and environment). */
  readonly running: Fact<Settings>;
  /** Settings that its configuration on disk gives the next start. */
  readonly disk: Fact<Settings>;
  readonly configDigest: Fact<string>;
  /** What makes the config file unfit to be edited, in words; empty when it is fit or was not read. */
  readonly configProblems: readonly string[];
  /** Every file that the running process, the disk settings or the plan names. */
  readonly files: readonly FileFact[];
  /** The addresses that this member's dials to the named peer come from. */
  readonly sourceAddresses: Readonly<Record<string, Fact<readonly string[]>>>;
  /** What the config file and the process say differently, in words. */
  readonly contradictions: readonly string[];
  /** Where its settings come from, for `configFindings`. */
  readonly sources?: Fact<ConfigSources>;
  /** A timed way back that was left on its host; absent where none can be. */
  readonly deadMan?: Fact<DeadManFact | undefined>;
}

export interface MemberStatus {
  readonly version: string;
  readonly isLeader: boolean;
  readonly leaderId: MemberId | undefined;
  readonly raftTerm: number;
  readonly appliedIndex: number;
  readonly dbSizeBytes: number;
  readonly errors: readonly string[];
}

export interface ProcessFact {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly uid: number;
  readonly gid: number;
}
