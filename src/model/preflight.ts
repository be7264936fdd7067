/**
 * Turns the observed state and the plan into every reason to refuse before anything is planned, at
 * once.
 */

import { SHARED_COSTS } from './certificate-plan.ts';
import type { DesiredSpec } from './desired.ts';
import type { Failure } from './failure.ts';
import type { ObservedMember, ObservedState, Stranger } from './observed.ts';
import { worldOf } from './observed-world.ts';
import { downFailures, memberFailures, settingFindings } from './preflight-members.ts';
import { downtimeFailures, quorumFailures, sizeWarnings } from './preflight-quorum.ts';
import type { WrittenSetting } from './run-state.ts';
import { sameUrls } from './url.ts';
import { isAtLeast } from './version.ts';

export interface PreflightOptions {
  readonly acceptDowntime: boolean;
  /** Names of members that the person lets be down. */
  readonly tolerateDown: readonly string[];
  /** Names of members that an interrupted run has stopped itself. */
  readonly stoppedByUs: readonly string[];
  /**
   * Digests of config files that the run in hand wrote or put back: these may differ from the
   * process.
   */
  readonly writtenDigests?: readonly string[];
  /** Settings that the run in hand wrote: these may differ from the process in a file with other edits too. */
  readonly written?: readonly WrittenSetting[];
  /** A way back mends what the run in hand has restarted, whatever its health. */
  readonly isGoingBack?: boolean;
}

export interface Preflight {
  readonly failures: readonly Failure[];
  readonly warnings: readonly string[];
}

/**
 * No failure means that a world can be made of the state (`worldOf`) and a rollout be planned on
 * it.
 */
export function preflight(
  state: ObservedState,
  desired: DesiredSpec,
  options: PreflightOptions,
): Preflight {
  const world = worldOf(state);
  const noQuorum = quorumFailures(state);
  const down = downFailures(state, options);
  const failures = [
    ...state.strangers.map((stranger) => strangerFailure(stranger, desired)),
    ...state.members.flatMap(learnerFailure),
    ...alarmFailures(state, noQuorum.length === 0),
    ...state.members.flatMap(versionFailure),
    ...noQuorum,
    ...down,
    ...memberFailures({
      state,
      desired,
      writtenDigests: options.writtenDigests ?? [],
      written: options.written ?? [],
      toBeMended: options.isGoingBack === true ? options.stoppedByUs : [],
      world: world.ok ? world.value : undefined,
      hasQuorum: noQuorum.length === 0,
    }),
    ...(down.length === 0 ? downtimeFailures(state, desired, options) : []),
  ];
  const warnings = [
    ...versionWarnings(state),
    ...sizeWarnings(state),
    ...viewWarnings(state),
    ...(desired.pki.isShared ? [`pki.shared: ${SHARED_COSTS}`] : []),
    ...state.members.flatMap(settingWarnings),
    ...loginWarnings(desired),
  ];
  return { failures, warnings };
}

/** What etcd makes of a client's certificate once it asks for one, with logins on. */
function loginWarnings({ cluster, clients }: DesiredSpec): readonly string[] {
  if (cluster.auth === undefined || clients?.certAuth !== true) return [];
  return [
    "with logins on and clients.certAuth, etcd takes the common name of a client's certificate for its user where no token is given, and its JSON gateway refuses every certificate that has one: give clients of that certificates without a common name, or write certAuth: false",
  ];
}

function strangerFailure(stranger: Stranger, desired: DesiredSpec): Failure {
  const { name, id = '' } = stranger;
  const so = 'what it does to the others cannot be proven; nothing was changed';
  switch (stranger.kind) {
    case 'not-in-plan':
      return {
        code: 'MEMBER_NOT_IN_PLAN',
        where: `member ${name}`,
        would: `move the ${String(desired.members.length)} members of ${desired.planFile}`,
        but: `the member list has ${name} (${id}) as well, and the plan file does not`,
        so,
        remedy: `add ${name} to the plan file, or remove it from the cluster if it is gone for good`,
      };
    case 'not-in-cluster':
      return {
        code: 'MEMBER_NOT_IN_CLUSTER',
        where: `member ${name}`,
        would: `move the ${String(desired.members.length)} members of ${desired.planFile}`,
        but: `the plan file names ${name}, and no member of the list has that name`,
        so,
        remedy: `correct the name in the plan file (etcd's --name), or take ${name} out of it`,
      };
    case 'unstarted':
      return {
        code: 'MEMBER_UNSTARTED',
        where: `member ${id}`,
        would: 'change peer URLs and restart members',
        but: `a member was added with ${name} and has never started: it has no name yet`,
        so: 'it counts for the quorum and cannot help to reach it; nothing was changed',
        remedy: `start that member, or take it out with etcdctl member remove ${id}`,
      };
  }
}

function learnerFailure(member: ObservedMember): readonly Failure[] {
  if (!member.isLearner) return [];
  return [
    {
      code: 'LEARNER_PRESENT',
      where: `member ${member.name}`,
      would: `set the peer URLs of ${member.name} with a member update`,
      but: `${member.name} (${member.id}) is a learner: a member update makes it a voter on 3.4, before 3.5.31 and before 3.6.12`,
      so: 'the quorum would change without anyone asking for it; nothing was changed',
      remedy: `promote ${member.name} (etcdctl member promote ${member.id}) or remove it, then check again`,
    },
  ];
}

/** Without quorum nobody can read the alarms: that is then said once, by NO_QUORUM. */
function alarmFailures(state: ObservedState, hasQuorum: boolean): readonly Failure[] {
  const { alarms } = state;
  if (alarms.known) return alarms.value.map(alarmFailure);
  if (!hasQuorum) return [];
  return [
    {
      code: 'FACT_UNKNOWN',
      where: 'the cluster',
      would: 'make sure that no alarm is raised',
      but: `the alarms could not be read: ${alarms.reason}`,
      so: 'a cluster that is out of space or corrupt must not be changed; nothing was changed',
      remedy: 'see what etcdctl alarm list says, and correct the endpoints or the login',
    },
  ];
}

function alarmFailure({ member, alarm }: { member: string; alarm: string }): Failure {
  return {
    code: 'ALARM_RAISED',
    where: `member ${member}`,
    would: 'change peer URLs and restart members',
    but: `etcd has raised ${alarm} for ${member}`,
    so: 'such a cluster takes no writes or has damaged data; nothing was changed',
    remedy:
      alarm === 'NOSPACE'
        ? 'compact, defragment, then etcdctl alarm disarm, then check again'
        : `repair or replace ${member} first, then etcdctl alarm disarm, then check again`,
  };
}

const OLDEST = '3.3.0';
const UNTRIED = '3.6.0';

function versionFailure({ name, status }: ObservedMember): readonly Failure[] {
  if (!status.known || isAtLeast(status.value.version, OLDEST)) return [];
  return [
    {
      code: 'VERSION_UNSUPPORTED',
      where: `member ${name}`,
      would: 'hand leadership over before a restart, and compare the data of all members after it',
      but: `${name} is etcd ${status.value.version}, which can do neither: both came with 3.3`,
      so: 'a loss could not be avoided or even seen; nothing was changed',
      remedy: 'upgrade all members to 3.3 or later first, 3.4 or later if possible',
    },
  ];
}

function versionWarnings({ members }: ObservedState): readonly string[] {
  const untried = members.flatMap(({ name, status }) => {
    if (!status.known || !isAtLeast(status.value.version, UNTRIED)) return [];
    return [`${name} is etcd ${status.value.version}`];
  });
  if (untried.length === 0) return [];
  return [`${untried.join(', ')}: peershift was tried on 3.3, 3.4 and 3.5, not on 3.6 and later`];
}

/** `m1: peer-auto-tls is on (/etc/default/etcd:4): ... [PEER_AUTO_TLS]`. */
function settingWarnings(member: ObservedMember): readonly string[] {
  return settingFindings(member).flatMap(({ code, level, says, remedy }) => {
    return level === 'warn' ? [`${member.name}: ${says}; ${remedy} [${code}]`] : [];
  });
}

function viewWarnings({ members }: ObservedState): readonly string[] {
  return members.flatMap((own) => {
    if (!own.view.known) return [];
    const { value: view } = own.view;
    return members.flatMap(({ name, peerUrls }) => {
      const has = view[name] ?? [];
      if (sameUrls(has, peerUrls)) return [];
      const says = has.length === 0 ? 'does not have' : `still has ${has.join(' and ')} for`;
      return [`${own.name} ${says} ${name}, the others have ${peerUrls.join(' and ')}`];
    });
  });
}
