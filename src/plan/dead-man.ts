/**
 * Turns a group that changes a member's settings and restarts it into the same group with a dead-man switch
 * armed before and disarmed behind it, where `gates.deadman` asks for one.
 */

import type { MemberName } from '../model/ids.ts';
import { FLAG, type Settings, oneSettings, settingChanges } from '../model/settings.ts';
import { isUp, memberOf } from '../model/world.ts';
import { type Draft, type Here, add } from './draft.ts';
import { decidedLike } from './target.ts';

/**
 * What its firing puts back: the settings of before; where the listener changes, the old one with trust and
 * leaf kept, since others may speak https by then. Not for a member that is down already, as in a repair:
 * there is nothing to put back.
 */
export function underDeadMan(
  draft: Draft,
  here: Here,
  member: MemberName,
  settings: Settings,
  work: () => void,
): void {
  const { deadmanMs } = draft.gates;
  const now = memberOf(draft.world, member);
  const before = decidedLike(now.disk.settings, settings);
  const expects = settingChanges(before, settings);
  if (deadmanMs === undefined || !isUp(now) || expects.length === 0) {
    work();
    return;
  }
  const back = wayBackSettings(before, settings);
  const why = `whatever becomes of peershift or of its way to this host, ${member} comes back as it was`;
  add(
    draft,
    { ...here, why },
    {
      kind: 'arm-dead-man',
      member,
      afterMs: deadmanMs,
      settings: back,
      reverts: settingChanges(before, back),
      expects,
    },
  );
  work();
  add(draft, { ...here, why: 'the gate has passed' }, { kind: 'disarm-dead-man', member });
}

const TRUST = [FLAG.peerCertFile, FLAG.peerKeyFile, FLAG.peerTrustedCaFile] as const;

function wayBackSettings(before: Settings, after: Settings): Settings {
  if (before[FLAG.listenPeerUrls] === after[FLAG.listenPeerUrls]) return before;
  const kept = TRUST.flatMap((flag): [string, string][] => {
    const value = after[flag] ?? before[flag];
    return value === undefined ? [] : [[flag, value]];
  });
  return oneSettings({ ...before, ...Object.fromEntries(kept) });
}

/** One that an earlier plan has left armed is disarmed before anything else. */
export function disarmFirst(draft: Draft): void {
  const { armed } = draft.world;
  if (armed === undefined) return;
  const why = 'an earlier plan has left it armed: it must not go off under what follows';
  add(draft, { phase: 'repair', why }, { kind: 'disarm-dead-man', member: armed.member });
}
