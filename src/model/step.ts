/**
 * A step is plain data plus a law: how to say it, what it needs, what it makes of a world, what a crash
 * in its middle can leave behind, and how it is undone. The laws are looked up by kind; the hands are
 * in run/handlers under the same names.
 */

import type { MemberName, StepId } from './ids.ts';
import type { GateSpec } from './gate.ts';
import type { FileContent, Leaf } from './certificate.ts';
import type { SettingChange, Settings } from './settings.ts';
import type { PeerUrl } from './url.ts';
import type { World } from './world.ts';

export type Phase =
  | 'prepare'
  | 'repair'
  | 'first'
  | 'trust'
  | 'listen'
  | 'announce'
  | 'switch'
  | 'serve-both'
  | 'close-http'
  | 'members'
  | 'strict'
  | 'close'
  | 'record'
  | 'revert'
  | 'clean'
  | 'rescue';

interface StepBase {
  readonly id: StepId;
  readonly phase: Phase;
  /** Steps of one group are not parted by a stop, a pause or a lost lock. */
  readonly group: string | undefined;
  /** Why the step stands here. */
  readonly why: string;
  readonly after: GateSpec | undefined;
}

/** Every ordered pair probed afresh before anything is built on it. */
export interface CheckLinks extends StepBase {
  readonly kind: 'check-links';
}

/** A look at who is connected to the client ports: nothing is closed on anybody who is not through. */
export interface CheckClients extends StepBase {
  readonly kind: 'check-clients';
}

export interface TakeSnapshot extends StepBase {
  readonly kind: 'take-snapshot';
}

export interface IssueCertificates extends StepBase {
  readonly kind: 'issue-certificates';
  readonly members: readonly MemberName[];
  readonly makesAuthority: boolean;
  /** Absent: what peers show each other. */
  readonly side?: 'clients';
}

/** A file to be put on a member's host; where its bytes come from is the operator's pki folder. */
export interface InstalledFile {
  readonly path: string;
  readonly role: 'ca' | 'leaf' | 'key';
  /** Absolute path on the operator's machine. */
  readonly source: string;
  /** What a process that loads it will find. */
  readonly content: FileContent;
}

export interface InstallCertificates extends StepBase {
  readonly kind: 'install-certificates';
  readonly member: MemberName;
  readonly files: readonly InstalledFile[];
}

export interface AdvertisePeer extends StepBase {
  readonly kind: 'advertise-peer';
  readonly member: MemberName;
  readonly from: readonly PeerUrl[];
  readonly to: readonly PeerUrl[];
}

export interface ConfigureMember extends StepBase {
  readonly kind: 'configure-member';
  readonly member: MemberName;
  readonly changes: readonly SettingChange[];
  /** Put the kept original back byte for byte, if nobody else changed the file since. */
  readonly restoresOriginal: boolean;
}

/** Writes the final initial-cluster, which a running member never reads: the one configure step without a restart. */
export interface RecordCluster extends StepBase {
  readonly kind: 'record-cluster';
  readonly member: MemberName;
  readonly changes: readonly SettingChange[];
}

export interface RestartMember extends StepBase {
  readonly kind: 'restart-member';
  readonly member: MemberName;
}

/** The member stays down until the next step of its group starts it. */
export interface StopMember extends StepBase {
  readonly kind: 'stop-member';
  readonly member: MemberName;
}

export interface StartMember extends StepBase {
  readonly kind: 'start-member';
  readonly member: MemberName;
}

/** All of them stop at once and start at once: a while in which nobody serves, and no world with half of each. */
export interface RestartTogether extends StepBase {
  readonly kind: 'restart-together';
  readonly members: readonly MemberName[];
}

/**
 * A new cluster of the same members: each gets data made from one stopped member's database, and what it had stays
 * beside. The IDs are new; what only lost members had is gone.
 */
export interface RestoreCluster extends StepBase {
  readonly kind: 'restore-cluster';
  readonly members: readonly MemberName[];
  /** Whose database it is. */
  readonly from: MemberName;
  /** Those that have data: none of them may reach further than the source. */
  readonly witnesses: readonly MemberName[];
  /** What all call each member from then on. */
  readonly urls: Readonly<Record<string, readonly PeerUrl[]>>;
  /** Each member's data folder on its host. */
  readonly folders: Readonly<Record<string, string>>;
}

export interface TransferLeader extends StepBase {
  readonly kind: 'transfer-leader';
  readonly from: MemberName;
  readonly to: MemberName;
}

/** Takes files off a host that no process and no configuration names any more. */
export interface RemoveCertificates extends StepBase {
  readonly kind: 'remove-certificates';
  readonly member: MemberName;
  readonly paths: readonly string[];
}

/** The leaf that a running process uses, signed anew for the same key: one file, live from that instant. */
export interface ReissueLeaf extends StepBase {
  readonly kind: 'reissue-leaf';
  readonly member: MemberName;
  readonly path: string;
  /** Absolute path of the new certificate on the operator's machine. */
  readonly source: string;
  readonly leaf: Leaf;
}

/**
 * Left on the member's host: unless it is disarmed in time, the host itself writes the settings of before (a
 * listener that changes: with trust and leaf kept) and restarts the member.
 */
export interface ArmDeadMan extends StepBase {
  readonly kind: 'arm-dead-man';
  readonly member: MemberName;
  readonly afterMs: number;
  /** The settings that peershift writes, as its firing leaves them. */
  readonly settings: Settings;
  /** What it does to the settings of now. */
  readonly reverts: readonly SettingChange[];
  /** What the steps behind it write: only this or what stands there now is overwritten when it fires. */
  readonly expects: readonly SettingChange[];
}

export interface DisarmDeadMan extends StepBase {
  readonly kind: 'disarm-dead-man';
  readonly member: MemberName;
}

export type Step =
  | CheckLinks
  | CheckClients
  | TakeSnapshot
  | IssueCertificates
  | InstallCertificates
  | AdvertisePeer
  | ConfigureMember
  | RecordCluster
  | RestartMember
  | StopMember
  | StartMember
  | RestartTogether
  | RestoreCluster
  | TransferLeader
  | RemoveCertificates
  | ReissueLeaf
  | ArmDeadMan
  | DisarmDeadMan;

export type StepKind = Step['kind'];
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;

export interface StepLaw<S extends Step> {
  /** The line that the operator reads. */
  readonly say: (step: S) => string;
  /** Where it acts: `etcd`, `here`, or a member's host. */
  readonly place: (step: S) => string;
  /** What stands against starting it, in words; empty means that it may start. */
  readonly needs: (world: World, step: S) => readonly string[];
  readonly apply: (world: World, step: S) => World;
  /** The worlds that an interruption in its middle can leave, the untouched and the finished one aside. */
  readonly halfway: (world: World, step: S) => readonly World[];
  /** The line that says how it is undone, from the world before it. */
  readonly undo: (before: World, step: S) => string;
}

/** Steps that take a running member down, if only for a moment. */
export function takesDown(step: Step | undefined): step is RestartMember | StopMember {
  return step?.kind === 'restart-member' || step?.kind === 'stop-member';
}

/** Steps after which a member's process is another one. */
export function bringsUp(step: Step | undefined): step is RestartMember | StartMember {
  return step?.kind === 'restart-member' || step?.kind === 'start-member';
}

/** Steps that stop all of their members and start all of them. */
export function actsOnAll(step: Step | undefined): step is RestartTogether | RestoreCluster {
  return step?.kind === 'restart-together' || step?.kind === 'restore-cluster';
}

/** Members whose process is another one after this step. */
export function startedBy(step: Step): readonly MemberName[] {
  if (actsOnAll(step)) return step.members;
  return bringsUp(step) ? [step.member] : [];
}

export function memberOfStep(step: Step): MemberName | undefined {
  return 'member' in step ? step.member : undefined;
}

/** Whose trouble after a step counts as its own. */
export type Touched = MemberName | readonly MemberName[] | undefined;

export function touchedBy(step: Step): Touched {
  return actsOnAll(step) ? step.members : memberOfStep(step);
}

export function isTouched(touched: Touched, member: string): boolean {
  return touchedMembers(touched).some((each) => each === member);
}

export function touchedMembers(touched: Touched): readonly MemberName[] {
  if (touched === undefined) return [];
  return typeof touched === 'string' ? [touched] : touched;
}
