/** The nouns of `check`: one question about a plan and its cluster, how it was answered, and what to do. */

import type { Failure, FailureCode } from './failure.ts';

/** Every question, in the order of the screen, with the part of the screen it stands in. */
export const CHECK_RULES = {
  'plan-file': 'plan',
  endpoints: 'cluster',
  members: 'cluster',
  quorum: 'cluster',
  health: 'cluster',
  alarms: 'cluster',
  learners: 'cluster',
  versions: 'cluster',
  'version-bugs': 'cluster',
  auth: 'cluster',
  leases: 'cluster',
  reach: 'hosts',
  user: 'hosts',
  clock: 'hosts',
  space: 'hosts',
  ports: 'hosts',
  proxy: 'hosts',
  facts: 'settings',
  config: 'settings',
  drift: 'settings',
  'config-managed': 'settings',
  files: 'certificates',
  keys: 'certificates',
  chain: 'certificates',
  'key-usage': 'certificates',
  names: 'certificates',
  sources: 'certificates',
  dates: 'certificates',
  readable: 'certificates',
  rehearsal: 'links',
  rollout: 'rollout',
} as const;

export type CheckRule = keyof typeof CHECK_RULES;
export type CheckGroup = (typeof CHECK_RULES)[CheckRule];
export type CheckResult = 'pass' | 'warn' | 'fail';

export interface CheckItem {
  readonly rule: CheckRule;
  readonly result: CheckResult;
  /** Members, a pair `m1 → m2`, a file; empty for the whole. */
  readonly where: string;
  /** What was seen, with the numbers. */
  readonly because: string;
  /** The next action; empty for a pass. */
  readonly remedy: string;
}

/** What stands against one subject. */
export interface Objection {
  readonly result: 'warn' | 'fail';
  readonly because: string;
  readonly remedy: string;
}

/** Rules whose failure a person may take by naming it under `accept`. */
const ACCEPTABLE: readonly CheckRule[] = ['config-managed'];

/**
 * The items of one rule: each objection for itself, and one pass for all subjects without any.
 * `passed` says what holds of those.
 */
export function itemsOf(
  rule: CheckRule,
  objections: ReadonlyMap<string, readonly Objection[]>,
  passed: string,
): readonly CheckItem[] {
  const clean = [...objections].filter(([, found]) => found.length === 0).map(([where]) => where);
  const pass: CheckItem = {
    rule,
    result: 'pass',
    where: clean.join(', '),
    because: passed,
    remedy: '',
  };
  const others = [...objections].flatMap(([where, found]) => {
    return found.map((each): CheckItem => ({ rule, where, ...each }));
  });
  return clean.length === 0 ? others : [pass, ...others];
}

export function oneItem(
  rule: CheckRule,
  objections: readonly Objection[],
  passed: string,
): readonly CheckItem[] {
  return itemsOf(rule, new Map([['', objections]]), passed);
}

export function objection(result: 'warn' | 'fail', because: string, remedy: string): Objection {
  return { result, because, remedy };
}

/** In the order of the screen; a failure that the plan accepts by the name of its rule is a warning. */
export function ordered(
  items: readonly CheckItem[],
  accept: readonly string[],
): readonly CheckItem[] {
  const rules = Object.keys(CHECK_RULES);
  return items
    .map((item): CheckItem => {
      const isAccepted = ACCEPTABLE.includes(item.rule) && accept.includes(item.rule);
      if (item.result !== 'fail' || !isAccepted) return item;
      return { ...item, result: 'warn', because: `${item.because} (accepted in the plan file)` };
    })
    .sort((a, b) => rules.indexOf(a.rule) - rules.indexOf(b.rule));
}

/** A refusal that a preview would end with, as an item of the rule it belongs to. */
export function itemOfFailure(failure: Failure): CheckItem {
  return {
    rule: RULE_OF[failure.code] ?? 'rollout',
    result: 'fail',
    where: failure.where.replace(/^member /, ''),
    because: failure.but,
    remedy: failure.remedy,
  };
}

const RULE_OF: Readonly<Partial<Record<FailureCode, CheckRule>>> = {
  ENDPOINT_UNREACHABLE: 'endpoints',
  CLUSTER_MISMATCH: 'endpoints',
  ETCD_REFUSED: 'endpoints',
  MEMBER_NOT_IN_PLAN: 'members',
  MEMBER_NOT_IN_CLUSTER: 'members',
  MEMBER_UNSTARTED: 'members',
  PEER_URL_UNUSABLE: 'members',
  NO_QUORUM: 'quorum',
  DOWNTIME_NOT_ACCEPTED: 'quorum',
  MEMBER_DOWN: 'health',
  MEMBER_UNHEALTHY: 'health',
  ALARM_RAISED: 'alarms',
  LEARNER_PRESENT: 'learners',
  VERSION_UNSUPPORTED: 'versions',
  FACT_UNKNOWN: 'facts',
  CONFIG_UNREADABLE: 'config',
  CONFIG_CONTRADICTION: 'drift',
  CERTIFICATE_UNUSABLE: 'files',
  PKI_FAILED: 'files',
  HOST_UNREACHABLE: 'reach',
  HOST_COMMAND_FAILED: 'reach',
  HOST_FILE_FAILED: 'reach',
  SERVICE_UNKNOWN: 'reach',
};
