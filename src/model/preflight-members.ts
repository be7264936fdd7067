/**
 * Turns each observed member into the reasons to refuse that lie with it: down, unhealthy, behind,
 * its config.
 */

import { cleanSettings } from './clean-settings.ts';
import { type ConfigFinding, configFindings } from './config-findings.ts';
import type { DesiredSpec } from './desired.ts';
import { dialMatrix, isLinked } from './dial.ts';
import type { Failure } from './failure.ts';
import type { ObservedMember, ObservedState } from './observed.ts';
import { factUnknown, gapsOf } from './observed-world.ts';
import { quorumOf } from './quorum.ts';
import type { WrittenSetting } from './run-state.ts';
import { CLIENT_FLAGS } from './settings.ts';
import { type World, isUp } from './world.ts';

export interface MemberJudgement {
  readonly state: ObservedState;
  readonly desired: DesiredSpec;
  readonly writtenDigests: readonly string[];
  readonly written: readonly WrittenSetting[];
  /** Names of members whose health is no reason to refuse. */
  readonly toBeMended: readonly string[];
  /** Undefined when facts are missing; which ones is said for each member. */
  readonly world: World | undefined;
  readonly hasQuorum: boolean;
}

export function memberFailures(input: MemberJudgement): readonly Failure[] {
  return input.state.members.flatMap((member) => [
    ...unknownFailures(input.state, member),
    ...configFailures(input, member),
    ...contradictionFailures(input, member),
    ...(input.desired.clients === undefined ? [] : clientFlagFailures(member)),
    ...healthFailures(input, member),
    ...lagFailures(input, member),
  ]);
}

/** Members that are down and neither tolerated nor stopped by an interrupted run of our own. */
export function downFailures(
  state: ObservedState,
  options: { readonly tolerateDown: readonly string[]; readonly stoppedByUs: readonly string[] },
): readonly Failure[] {
  const isExpected = new Set([...options.tolerateDown, ...options.stoppedByUs]);
  const count = state.members.length;
  const running = state.members.filter((member) => !isDown(member)).length;
  const [left, needed] = [Math.max(0, running - 1), quorumOf(count)];
  const flags = (name: string): string => {
    return `--tolerate-down ${name}${left < needed ? ' and --accept-downtime' : ''}`;
  };
  const price = left < needed ? ', and each restart may stop all writes' : '';
  return state.members
    .filter((member) => isDown(member) && !isExpected.has(member.name))
    .map(({ name }) => ({
      code: 'MEMBER_DOWN',
      where: `member ${name}`,
      would: `restart the ${String(count)} members one after the other`,
      but: `${name} is down: its service says that no process runs`,
      so: `${String(running)} of ${String(count)} run and ${String(needed)} are needed; during a restart ${String(left)} would run; nothing was changed`,
      remedy: `start ${name}, or pass ${flags(name)} if it is to stay down${price}`,
    }));
}

export function isDown({ process }: ObservedMember): boolean {
  return process.known && process.value === 'stopped';
}

/** A config that cannot be read has a refusal of its own, so it is left out here. */
function unknownFailures(state: ObservedState, member: ObservedMember): readonly Failure[] {
  const gaps = gapsOf(state, member).filter(({ what }) => {
    return what !== 'disk' || member.configDigest.known;
  });
  return gaps.length === 0 ? [] : [factUnknown(member, gaps)];
}

function configFailures({ desired }: MemberJudgement, member: ObservedMember): readonly Failure[] {
  const { name, configDigest, configProblems } = member;
  const path =
    desired.members.find((each) => each.name === name)?.config.path ?? 'its configuration';
  const reasons = configDigest.known ? configProblems : [configDigest.reason];
  if (reasons.length === 0) return [];
  return [
    {
      code: 'CONFIG_UNREADABLE',
      where: `${path} of member ${name}`,
      would: 'write the new peer settings into it',
      but: reasons.join('; '),
      so: 'what the next start would use cannot be told; nothing was changed',
      remedy: `correct this in ${path} on ${name}'s host, then check again`,
    },
  ];
}

/**
 * A file that the run in hand has written differs from the process until the restart: that is its
 * purpose. Where somebody else has edited it since, the settings that the run wrote still may.
 */
function contradictionFailures(
  { writtenDigests, written }: MemberJudgement,
  member: ObservedMember,
): readonly Failure[] {
  const { name, configDigest } = member;
  const failing = settingFindings(member).filter(({ level }) => level === 'fail');
  const ours = failing.filter((each) => isWrittenByUs(each, member, written));
  const said = [...new Set([...member.contradictions, ...failing.map(({ says }) => says)])].filter(
    (sentence) => !ours.some(({ says }) => says === sentence),
  );
  if (said.length === 0) return [];
  if (configDigest.known && writtenDigests.includes(configDigest.value)) return [];
  return [
    {
      code: 'CONFIG_CONTRADICTION',
      where: `member ${name}`,
      would: `write new peer settings for ${name} and restart it`,
      but: said.join('; '),
      so: `a restart would change more than peershift intends, or ${name} would not start; nothing was changed`,
      remedy: `bring file and process of ${name} together (correct the file, or restart ${name} by hand while all others are healthy)`,
    },
  ];
}

function isWrittenByUs(
  { flag }: ConfigFinding,
  { name, sources }: ObservedMember,
  written: readonly WrittenSetting[],
): boolean {
  if (flag === undefined || sources?.known !== true) return false;
  const value = cleanSettings(sources.value.file)[flag];
  return written.some((each) => {
    return each.member === name && each.flag === flag && each.value === value;
  });
}

/** What stands on the command line cannot be written into a file of variables beside it. */
function clientFlagFailures({ name, sources }: ObservedMember): readonly Failure[] {
  if (sources?.known !== true || sources.value.format !== 'env-file') return [];
  const { process, path } = sources.value;
  const found = CLIENT_FLAGS.filter((flag) => process.flags[flag] !== undefined);
  if (found.length === 0) return [];
  const flags = found.map((flag) => `--${flag}`).join(', ');
  return [
    {
      code: 'CLIENT_SIDE_UNUSABLE',
      where: `member ${name}`,
      would: `write the client URLs of ${name} into ${path}`,
      but: `${flags} ${found.length === 1 ? 'is' : 'are'} on its command line, and etcd 3.4 and later does not start with both`,
      so: 'nothing has been changed',
      remedy: `move ${flags} of ${name} into ${path}, restart it, then try again`,
    },
  ];
}

/** Empty when it is not known where the settings come from: that is said for itself. */
export function settingFindings({ sources, status }: ObservedMember): readonly ConfigFinding[] {
  if (sources?.known !== true) return [];
  const version = status.known ? status.value.version : undefined;
  return configFindings({ sources: sources.value, version });
}

function healthFailures(input: MemberJudgement, member: ObservedMember): readonly Failure[] {
  const { name, health } = member;
  if (isDown(member) || !input.hasQuorum || input.toBeMended.includes(name)) return [];
  if (health.known && health.value.isHealthy) return [];
  if (isExplained(input.world, name)) return [];
  const judged =
    input.world === undefined
      ? 'whether peer URLs and TLS explain it cannot be told while facts are missing'
      : 'for a reason that peer URLs and TLS do not explain: all its peer links should work';
  const says = health.known ? (health.value.reason ?? 'its /health says false') : health.reason;
  return [unhealthy(name, `${name} is not healthy (${says}), ${judged}`)];
}

function lagFailures(input: MemberJudgement, member: ObservedMember): readonly Failure[] {
  const { maxLag } = input.desired.gates;
  const { name, status } = member;
  if (!status.known || isExplained(input.world, name)) return [];
  if (input.toBeMended.includes(name)) return [];
  const { appliedIndex } = status.value;
  const indexes = input.state.members.map((each) => {
    return each.status.known ? each.status.value.appliedIndex : 0;
  });
  const highest = Math.max(...indexes);
  if (highest - appliedIndex <= maxLag) return [];
  const lag = `${String(highest - appliedIndex)} entries behind (${String(appliedIndex)} of ${String(highest)} applied)`;
  return [unhealthy(name, `${name} is ${lag}, and gates.maxLag allows ${String(maxLag)}`)];
}

function unhealthy(name: string, but: string): Failure {
  return {
    code: 'MEMBER_UNHEALTHY',
    where: `member ${name}`,
    would: 'restart members one after the other',
    but,
    so: 'the cluster has less tolerance than its size promises; nothing was changed',
    remedy: `see the log of ${name} (disk, clock, network, memory), bring it back to health, then check again`,
  };
}

/**
 * A member that has no working link to some other up member, in either direction, may well be
 * unhealthy.
 */
function isExplained(world: World | undefined, name: string): boolean {
  if (world === undefined) return false;
  const matrix = dialMatrix(world);
  return world.members.some((peer) => {
    return peer.name !== name && isUp(peer) && !isLinked(matrix, name, peer.name);
  });
}
