/** Every way to fail, by code: which exit it means, and the five lines a person reads. */

import type { DialCells } from './dial-cells.ts';
import type { MemberName } from './ids.ts';

export interface Failure {
  readonly code: FailureCode;
  /** Where or when: `member m2`, `before step 12 of 19`, a file. */
  readonly where: string;
  /** What was about to happen. */
  readonly would: string;
  /** What stood against it, with the numbers. */
  readonly but: string;
  /** The consequence, and what state things are in now. */
  readonly so: string;
  /** The next action of the person. */
  readonly remedy: string;
  /** Of a proof alone: what happens up to the world that breaks a rule, and that world. */
  readonly story?: FailureStory;
}

export interface FailureStory {
  /** The last things that happen, in order: steps with their number, then what goes wrong beside them. */
  readonly lines: readonly string[];
  readonly members: readonly MemberName[];
  /** Undefined: nobody, or it is not decided. */
  readonly leader: MemberName | undefined;
  /** Of the up members alone. */
  readonly cells: DialCells;
}

/**
 * The catalogue. `exit` is the exit code when this failure ends a command before the first change
 * (3: refused), or as it stands in the plan file alone (2). A run that has changed something ends by
 * its own outcome (4, 5, 6) whatever the code.
 */
export const FAILURES = {
  PLAN_FILE_INVALID: {
    exit: 2,
    meaning: 'the plan file has mistakes that can be seen in the file alone',
  },
  PLAN_FILE_UNREADABLE: { exit: 2, meaning: 'the plan file cannot be read' },
  ARGUMENTS_INVALID: { exit: 2, meaning: 'the command line is not one that peershift knows' },
  NOT_SUPPORTED_YET: {
    exit: 3,
    meaning: 'the plan file asks for an adapter that this version does not have',
  },
  ENDPOINT_UNREACHABLE: { exit: 3, meaning: 'a client endpoint does not answer' },
  ETCD_REFUSED: { exit: 3, meaning: 'etcd answered a call with a refusal' },
  ETCDCTL_UNUSABLE: {
    exit: 3,
    meaning: 'the etcdctl on a host is missing, too old, or answers what is not understood',
  },
  CLUSTER_MISMATCH: { exit: 3, meaning: 'the endpoints belong to different clusters' },
  MEMBER_NOT_IN_PLAN: {
    exit: 3,
    meaning: 'the cluster has a member that the plan file does not name',
  },
  MEMBER_NOT_IN_CLUSTER: {
    exit: 3,
    meaning: 'the plan file names a member that the cluster does not have',
  },
  MEMBER_UNSTARTED: { exit: 3, meaning: 'the member list holds a member that has never started' },
  MEMBER_UNHEALTHY: {
    exit: 3,
    meaning: 'a member is unhealthy for a reason that peer URLs and TLS do not explain',
  },
  MEMBER_DOWN: { exit: 3, meaning: 'a member is down' },
  ALARM_RAISED: { exit: 3, meaning: 'etcd has raised an alarm' },
  LEARNER_PRESENT: { exit: 3, meaning: 'the cluster has a learner' },
  NO_QUORUM: { exit: 3, meaning: 'the cluster has no quorum' },
  DOWNTIME_NOT_ACCEPTED: {
    exit: 3,
    meaning: 'the change needs downtime, which nobody has accepted',
  },
  VERSION_UNSUPPORTED: { exit: 3, meaning: 'this etcd version cannot be migrated safely' },
  FACT_UNKNOWN: { exit: 3, meaning: 'something that the proof needs could not be observed' },
  CONFIG_CONTRADICTION: {
    exit: 3,
    meaning: 'the configuration on disk is not what the process runs with',
  },
  CONFIG_UNREADABLE: {
    exit: 3,
    meaning: 'the configuration of a member cannot be read or written',
  },
  HOST_UNREACHABLE: {
    exit: 3,
    meaning: 'a host does not answer or a command on it did not end in time',
  },
  HOST_LOST: {
    exit: 3,
    meaning: 'the connection to a host broke while something was done there',
  },
  LOG_LINES_LOST: { exit: 3, meaning: 'a log was rotated or cut before it was read to its end' },
  HOST_COMMAND_FAILED: { exit: 3, meaning: 'a command on a host failed' },
  HOST_FILE_FAILED: { exit: 3, meaning: 'a file on a host cannot be read or written' },
  HOST_KEY_UNKNOWN: { exit: 3, meaning: 'the ssh key of a host is in no known_hosts file' },
  HOST_KEY_CHANGED: {
    exit: 3,
    meaning: 'the ssh key of a host is not the known one, or is revoked',
  },
  HOST_LOGIN_REFUSED: { exit: 3, meaning: 'no way to log in to a host by ssh was accepted' },
  SSH_CONFIG_UNSUPPORTED: {
    exit: 3,
    meaning: 'the ssh configuration asks for something that peershift does not do',
  },
  SUDO_REFUSED: { exit: 3, meaning: 'sudo on a host does not let our commands run as root' },
  SERVICE_UNKNOWN: { exit: 3, meaning: 'whether a member runs could not be told' },
  PEER_URL_UNUSABLE: {
    exit: 3,
    meaning: 'a peer URL would change more than the scheme, or etcd would not accept it',
  },
  CLIENT_SIDE_UNUSABLE: {
    exit: 3,
    meaning: 'the client URLs of a member cannot be moved to https as they are',
  },
  CERTIFICATE_UNUSABLE: { exit: 3, meaning: 'a certificate or key cannot serve the peer links' },
  PKI_FAILED: { exit: 3, meaning: 'certificates could not be made or read' },
  UNSAFE_ROLLOUT: {
    exit: 3,
    meaning: 'a step, a half-done step or a crash on the way would break a rule',
  },
  NO_ROLLOUT: { exit: 3, meaning: 'no ordered steps lead from this cluster to the wanted one' },
  ALREADY_RUNNING: { exit: 3, meaning: 'another run is active' },
  STATE_UNWRITABLE: { exit: 3, meaning: 'the state folder cannot be written' },
  OUTPUT_UNWRITABLE: { exit: 3, meaning: 'a file that was asked for cannot be written' },
  ROLLOUT_STALE: {
    exit: 3,
    meaning: 'a saved rollout is no longer what the plan file and the cluster lead to',
  },
  JOURNAL_INVALID: { exit: 3, meaning: 'the journal is not a history that a run can have' },
  RESCUE_IMPOSSIBLE: {
    exit: 6,
    meaning: 'no change on hosts alone, of those that peershift can make, brings quorum back',
  },
  RUN_NOT_FOUND: { exit: 3, meaning: 'there is no run to go on with' },
  BACKUP_FAILED: {
    exit: 3,
    meaning: 'the snapshot could not be taken, is not whole, or cannot be restored',
  },
  OUTSIDE_WINDOW: { exit: 3, meaning: 'it is not one of the hours in which a run may act' },
  NOT_RUNNING: { exit: 3, meaning: 'no run is running that could be asked to pause' },
  HOOK_FAILED: { exit: 4, meaning: 'a hook of the plan file did not exit with 0 in time' },
  LOCK_LOST: { exit: 4, meaning: 'the cluster lock is no longer ours' },
  STALE_WORLD: { exit: 4, meaning: 'the cluster is not what the step expects' },
  CONFIG_CHANGED: {
    exit: 4,
    meaning: 'someone else changed a configuration file that a step is about to write',
  },
  NOT_VERIFIED: {
    exit: 4,
    meaning:
      'the way back is gone as far as it can be without the API, which alone shows data and health',
  },
  GATE_FAILED: { exit: 4, meaning: 'the evidence after a step says that it did harm' },
  GATE_TIMED_OUT: { exit: 4, meaning: 'the evidence that a gate waits for did not come in time' },
  CLIENTS_STILL_PLAIN: {
    exit: 4,
    meaning: 'clients still speak plain http, or may do so, and http is closed on nobody',
  },
  STEP_FAILED: { exit: 4, meaning: 'a step could not be carried out' },
  START_FAILED: { exit: 4, meaning: 'a member did not come back after its restart' },
  UPDATE_UNCERTAIN: {
    exit: 4,
    meaning: 'a member update got no answer and its outcome is not known',
  },
  RESTORE_REFUSED: {
    exit: 3,
    meaning: "a new cluster from one member's database is not made from here",
  },
  V2_KEYS_PRESENT: {
    exit: 3,
    meaning: 'the store of the v2 API holds keys, or may, and a restore would lose them',
  },
  RESTORE_FAILED: {
    exit: 4,
    meaning: 'the data of a member could not be made anew from the database of another',
  },
  LOAD_TOO_HIGH: {
    exit: 4,
    meaning: 'the cluster stayed busier than the plan file allows before a change',
  },
  DEADMAN_FAILED: {
    exit: 4,
    meaning: 'a dead-man switch could not be armed, or whether it is disarmed is not sure',
  },
  DEADMAN_FIRED: {
    exit: 4,
    meaning: 'a dead-man switch went off: the host put the settings of before back by itself',
  },
  INTERRUPTED: { exit: 130, meaning: 'the run was asked to stop' },
  NOT_MUTUAL_TLS: { exit: 3, meaning: 'a peer link is not proven to be mutual TLS' },
  ETCD_NOT_FOUND: { exit: 3, meaning: 'no etcd binary was found for the lab' },
  LAB_FAILED: { exit: 3, meaning: 'the local lab could not be started or stopped' },
  LOG_UNREADABLE: { exit: 3, meaning: 'a log that shall be explained cannot be read' },
  NO_TERMINAL: { exit: 2, meaning: 'a question cannot be asked without a terminal' },
} as const satisfies Record<string, { exit: number; meaning: string }>;

export type FailureCode = keyof typeof FAILURES;

export function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(FAILURES, text);
}

export function exitOf(failure: Failure): number {
  return FAILURES[failure.code].exit;
}
