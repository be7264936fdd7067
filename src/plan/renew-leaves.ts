/**
 * Turns members whose leaves only a bundle verifies into members with a leaf of the plan's CA, and back: a leaf
 * changes while everybody trusts both, so the trust goes last on the way there and comes first on the way back.
 */

import type { CaId, Leaf } from '../model/certificate.ts';
import type { MemberName } from '../model/ids.ts';
import type { MemberGoal } from '../model/rollout.ts';
import { FLAG, type Settings } from '../model/settings.ts';
import { type World, isUp, memberOf } from '../model/world.ts';
import { underDeadMan } from './dead-man.ts';
import { type Draft, configure, handOver, restart } from './draft.ts';
import { inOrder, restartWith } from './moves.ts';
import { type Target, owned } from './target.ts';

/** Nothing where somebody does not trust the plan's CA yet: the strategy brings trust first then. */
export function renewLeaves(
  draft: Draft,
  targets: readonly Target[],
  order: readonly MemberName[],
): void {
  const all = inOrder(targets, order);
  if (!all.every((target) => trustsPlan(draft.world, target))) return;
  for (const target of all) {
    if (!isForeign(draft.world, target)) continue;
    const { member } = target;
    const here = {
      phase: 'trust' as const,
      group: `renew/${member}`,
      why: 'its leaf is of another CA than the plan: the leaf changes while everybody trusts both',
    };
    restartWith(draft, here, member, withLeafOf(draft.world, target), all);
  }
}

/** On a way back to leaves that not everybody verifies any more: who trusted them at the start does so again first. */
export function trustAgain(draft: Draft, goals: readonly MemberGoal[]): void {
  for (const goal of goals) {
    const { [FLAG.peerTrustedCaFile]: path, [FLAG.peerClientCertAuth]: demand } = goal.settings;
    const { process, disk } = memberOf(draft.world, goal.member);
    const before = path === undefined ? undefined : disk.files[path];
    if (path === undefined || before?.kind !== 'pool' || process?.pool.known !== true) continue;
    const loaded = process.pool.value;
    if (goals.every((other) => verifies(loaded, leafOf(draft.world, other)))) continue;
    const here = {
      phase: 'trust' as const,
      group: `again/${goal.member}`,
      why: 'the leaves of the start come back, and it does not verify them all',
    };
    const settings = {
      ...owned(disk.settings),
      [FLAG.peerTrustedCaFile]: path,
      ...(demand === undefined ? {} : { [FLAG.peerClientCertAuth]: demand }),
    };
    handOver(draft, here.phase, goal.member, (name) =>
      goals.findIndex(({ member }) => member === name),
    );
    underDeadMan(draft, here, goal.member, settings, () => {
      configure(draft, here, goal.member, settings);
      restart(draft, here, goal.member);
    });
  }
}

/** The leaf that it showed at the start. */
function leafOf(world: World, { member, settings }: MemberGoal): Leaf | undefined {
  const path = settings[FLAG.peerCertFile];
  const file = path === undefined ? undefined : memberOf(world, member).disk.files[path];
  return file?.kind === 'leaf' ? file.leaf : undefined;
}

function verifies(pool: readonly CaId[], leaf: Leaf | undefined): boolean {
  return leaf === undefined || pool.some((each) => leaf.trustedBy.includes(each));
}

/** Its process has loaded every CA of the plan. */
function trustsPlan(world: World, target: Target): boolean {
  const { process } = memberOf(world, target.member);
  const wanted = authoritiesOf(target);
  if (process?.pool.known !== true || wanted.length === 0) return false;
  const loaded: readonly string[] = process.pool.value;
  return wanted.every((each) => loaded.includes(each));
}

/** The leaf that it shows is one that the CA of the plan alone would not verify. */
function isForeign(world: World, target: Target): boolean {
  const member = memberOf(world, target.member);
  const path = member.process?.peer.certFile;
  const shown = path === undefined ? undefined : member.disk.files[path];
  if (!isUp(member) || shown?.kind !== 'leaf') return false;
  return !authoritiesOf(target).some((each) => shown.leaf.trustedBy.includes(each));
}

function authoritiesOf({ files }: Target): readonly string[] {
  return files.flatMap(({ content }) => {
    return content.kind === 'pool' ? content.authorities.map(({ fingerprint }) => fingerprint) : [];
  });
}

function withLeafOf(world: World, { member, settings }: Target): Settings {
  const { [FLAG.peerCertFile]: cert, [FLAG.peerKeyFile]: key } = settings;
  return {
    ...owned(memberOf(world, member).disk.settings),
    ...(cert === undefined ? {} : { [FLAG.peerCertFile]: cert }),
    ...(key === undefined ? {} : { [FLAG.peerKeyFile]: key }),
  };
}
