/** Turns the observed cluster, its preflight and its leases into the items of the cluster's part of the screen. */

import {
  type CheckItem,
  type CheckRule,
  type Objection,
  itemOfFailure,
  objection,
  oneItem,
} from '../check.ts';
import type { DesiredSpec } from '../desired.ts';
import { type Fact, type ObservedState, valueOf } from '../observed.ts';
import type { Preflight } from '../preflight.ts';
import type { DegradedWindow } from '../proof.ts';
import { failureTolerance, quorumOf } from '../quorum.ts';
import { versionItems } from './versions.ts';

export interface ClusterJudged {
  readonly desired: DesiredSpec;
  readonly state: ObservedState;
  readonly preflight: Preflight;
  readonly auth: Fact<AuthSeen>;
}

/** What a linearizable read and the login's own record said. */
export type AuthSeen =
  | { readonly kind: 'open' }
  | { readonly kind: 'logged-in'; readonly roles: Fact<readonly string[]> };

export function clusterItems(input: ClusterJudged): readonly CheckItem[] {
  const { state, preflight, desired } = input;
  const refused = preflight.failures.map(itemOfFailure);
  const unless = (rule: CheckRule, because: string): readonly CheckItem[] =>
    refused.some((item) => item.rule === rule) ? [] : oneItem(rule, [], because);
  const count = state.members.length;
  return [
    ...refused,
    ...unless(
      'endpoints',
      `${String(answering(state))} of ${String(count)} members answer at client URLs`,
    ),
    ...unless(
      'members',
      `${String(count)} in the plan, the same ${String(count)} in the member list`,
    ),
    ...unless('health', 'every member runs, is healthy and has caught up'),
    ...unless('quorum', quorumText(state)),
    ...unless('alarms', 'none raised'),
    ...unless('learners', 'none'),
    ...versionItems(state, desired.cluster.auth !== undefined),
    ...unless('facts', 'everything that the proof needs could be seen'),
    ...unless('config', 'every config file can be read and edited'),
    ...unless('drift', 'file and process say the same on every member'),
    ...authItems(input),
    ...preflight.warnings.filter((text) => !isNoNews(text)).map(warningItem),
  ];
}

function answering({ members }: ObservedState): number {
  return members.filter(({ endpoint }) => endpoint.known).length;
}

function quorumText(state: ObservedState): string {
  const voters = state.members.filter(({ isLearner }) => !isLearner);
  const up = voters.filter(({ process }) => !(process.known && process.value === 'stopped')).length;
  const tolerance = failureTolerance(voters.length, up);
  const leader = valueOf(state.leader);
  return `${String(up)} of ${String(voters.length)} run, ${String(quorumOf(voters.length))} are needed: ${String(tolerance)} may fail now${leader === undefined ? '' : `; ${leader} leads`}`;
}

/** Mixed versions have an item of their own. */
function isNoNews(text: string): boolean {
  return text.startsWith('members run ');
}

function warningItem(text: string): CheckItem {
  const rule: CheckRule = /\b3\.6\b/.test(text)
    ? 'versions'
    : text.includes('odd count')
      ? 'quorum'
      : 'members';
  return {
    rule,
    result: 'warn',
    where: '',
    because: text,
    remedy: 'know it; nothing has to be done',
  };
}

function authItems({ auth, desired }: ClusterJudged): readonly CheckItem[] {
  const login = desired.cluster.auth;
  if (!auth.known) {
    const remedy =
      login === undefined
        ? 'if auth is on, name a user with the root role under cluster.auth'
        : `see user ${login.username} and the variable ${login.passwordEnv}`;
    return oneItem('auth', [objection('fail', auth.reason, remedy)], '');
  }
  if (auth.value.kind === 'open') return oneItem('auth', [], 'no login is asked for');
  const { roles } = auth.value;
  const name = login?.username ?? '';
  return oneItem(
    'auth',
    rolesObjections(name, roles),
    `${name} has the root role, which a member update needs`,
  );
}

function rolesObjections(name: string, roles: Fact<readonly string[]>): readonly Objection[] {
  if (!roles.known) {
    const because = `the roles of ${name} could not be read: ${roles.reason}`;
    return [
      objection('warn', because, `see that ${name} has the root role: a member update needs it`),
    ];
  }
  if (roles.value.includes('root')) return [];
  const has = roles.value.length === 0 ? 'no role' : roles.value.join(', ');
  const remedy = `etcdctl user grant-role ${name} root, or name another user under cluster.auth`;
  return [objection('fail', `${name} has ${has}, and a member update needs root`, remedy)];
}

export interface LeasesSeen {
  readonly count: number;
  /** How many of them were asked; the shortest is of these. */
  readonly askedCount: number;
  readonly shortestSeconds: number | undefined;
}

/**
 * A lease through a follower that cannot dial the leader is not renewed in a degraded window
 * (v3_server.go LeaseRenew): one whose time is shorter than the window is lost, with its keys.
 */
export function leaseItems(
  leases: Fact<LeasesSeen>,
  windows: readonly DegradedWindow[] | undefined,
  longestWindowMs: number,
): readonly CheckItem[] {
  if (!leases.known) {
    const because = `the leases could not be listed: ${leases.reason}`;
    const isAtStake = windows === undefined || windows.length > 0;
    const remedy = 'find out which clients use leases, and how long they are';
    return isAtStake ? oneItem('leases', [objection('warn', because, remedy)], '') : [];
  }
  const { count, askedCount, shortestSeconds } = leases.value;
  const shortest =
    shortestSeconds === undefined ? '' : `, the shortest of ${String(shortestSeconds)} s`;
  const asked = askedCount < count ? ` (${String(askedCount)} looked at)` : '';
  const seen = count === 0 ? 'none granted' : `${String(count)} granted${asked}${shortest}`;
  if (windows === undefined) return oneItem('leases', [], seen);
  if (windows.length === 0) {
    return oneItem('leases', [], `${seen}; no degraded window in this rollout`);
  }
  const seconds = Math.ceil(longestWindowMs / 1000);
  if (shortestSeconds === undefined || shortestSeconds > seconds) {
    return oneItem(
      'leases',
      [],
      `${seen}; the longest degraded window is some ${String(seconds)} s`,
    );
  }
  return oneItem(
    'leases',
    [
      objection(
        'warn',
        `${seen}; a degraded window lasts some ${String(seconds)} s, in which a client of a follower that cannot dial the leader does not renew`,
        'take a strategy without degraded windows (peershift preview --compare), or tell the owners of those leases',
      ),
    ],
    '',
  );
}
