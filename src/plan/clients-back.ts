/** Turns members whose client side is not what it was at the start into the steps back: first both schemes, then as it was. */

import { clientSettings, inBothSchemes, servesHttp } from '../model/client-settings.ts';
import { loadDisk } from '../model/load.ts';
import type { MemberGoal } from '../model/rollout.ts';
import { CLIENT_FLAGS, FLAG, OWNED_FLAGS, type Settings, oneSettings } from '../model/settings.ts';
import { type MemberWorld, isUp, memberOf } from '../model/world.ts';
import { restartClients, withClientSide } from './clients.ts';
import { type Draft, configure, restart } from './draft.ts';
import { clientGate } from './gates.ts';
import { runsAs } from './target.ts';

/** The goal as far as the peer side goes; the same object where it says nothing of clients. */
export function peerGoal(goal: MemberGoal): MemberGoal {
  if (goal.settings[FLAG.listenClientUrls] === undefined) return goal;
  const known = PEER_GOALS.get(goal);
  if (known !== undefined) return known;
  const entries = Object.entries(goal.settings).filter(([flag]) => !CLIENT_FLAGS.includes(flag));
  const peer = { ...goal, settings: oneSettings(Object.fromEntries(entries)) };
  PEER_GOALS.set(goal, peer);
  return peer;
}

/** One goal serves all the ways back of a proof. */
const PEER_GOALS = new WeakMap<MemberGoal, MemberGoal>();

/** A member that is down with another client side than at the start; false: it is not such a one. */
export function bringClientsBack(draft: Draft, goal: MemberGoal, hasFailed: boolean): boolean {
  const member = memberOf(draft.world, goal.member);
  const side = sideOf(goal.settings);
  if (isUp(member) || side === undefined || hasSide(member, side)) return false;
  const isLoadable = loadDisk(member.disk, member.version).ok;
  const isSpent = !isLoadable || (hasFailed && hasSide(member, bothOf(member)));
  const why = 'a stopped member comes back first, and to as many clients as it can';
  const here = { phase: 'repair' as const, group: `repair/${goal.member}`, why };
  configure(draft, here, goal.member, withClientSide(member, isSpent ? side : bothOf(member)));
  restart(draft, here, goal.member, clientGate(draft.gates));
  return true;
}

/** Whoever has closed http opens it again; only when all serve both do they go on to what they were. */
export function revertClients(draft: Draft, goals: readonly MemberGoal[]): void {
  for (const goal of goals) takeBackUnloaded(draft, goal);
  for (const { member: name, settings } of goals) {
    const member = memberOf(draft.world, name);
    const isShut = !servesHttp(member.process?.client) && servesHttp(clientSettings(settings));
    if (!isUp(member) || !isShut) continue;
    const why = 'http opens again beside https before anything else';
    restartClients(draft, { phase: 'close-http', why }, name, bothOf(member), goals);
  }
  for (const { member: name, settings } of goals) {
    const member = memberOf(draft.world, name);
    const side = sideOf(settings);
    if (side === undefined || !isUp(member)) continue;
    if (runsAs(member, withClientSide(member, side))) continue;
    const isWhole = OWNED_FLAGS.every((flag) => member.disk.settings[flag] === settings[flag]);
    const why = 'the client side of the start';
    restartClients(draft, { phase: 'serve-both', why }, name, side, goals, isWhole);
  }
}

/** Written for a restart that did not come: a crash would load it. */
function takeBackUnloaded(draft: Draft, { member: name, settings }: MemberGoal): void {
  const member = memberOf(draft.world, name);
  const start = sideOf(settings);
  if (!isUp(member) || start === undefined) return;
  const running = [start, bothOf(member)].find((side) =>
    runsAs(member, withClientSide(member, side)),
  );
  if (running === undefined || hasSide(member, running)) return;
  const why = 'written and never loaded: a crash would load it';
  configure(draft, { phase: 'repair', why }, name, withClientSide(member, running));
}

function hasSide(member: MemberWorld, side: Settings): boolean {
  return CLIENT_FLAGS.every((flag) => member.disk.settings[flag] === side[flag]);
}

/** The client side of these settings; undefined where they say nothing of clients. */
function sideOf(settings: Settings): Settings | undefined {
  if (settings[FLAG.listenClientUrls] === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(settings).filter(([flag]) => CLIENT_FLAGS.includes(flag)),
  );
}

/** What stands on its disk, with both schemes and without a certificate asked of anybody. */
function bothOf({ disk: { settings } }: MemberWorld): Settings {
  const { listen = [], advertise = [] } = clientSettings(settings) ?? {};
  const pair = [FLAG.certFile, FLAG.keyFile].flatMap((flag): [string, string][] => {
    const value = settings[flag];
    return value === undefined ? [] : [[flag, value]];
  });
  return {
    ...Object.fromEntries(pair),
    [FLAG.listenClientUrls]: inBothSchemes(listen).join(','),
    [FLAG.advertiseClientUrls]: inBothSchemes(advertise).join(','),
  };
}
