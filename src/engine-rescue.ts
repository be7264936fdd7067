/**
 * A cluster without quorum, from what hosts and peer ports show to the smallest proven change on hosts that
 * brings it back. The same machine carries it out, under host locks alone; the member list is left as it is.
 */

import { unansweredPairs } from './discover/peer-ports.ts';
import { unfinishedRun } from './engine-records.ts';
import {
  type DeadLook,
  type RescueCommand,
  bundleIn,
  lookDead,
  planned,
  searched,
  usesAutoTls,
} from './engine-rescue-look.ts';
import { carryOutRescue } from './engine-rescue-run.ts';
import { refused, withStateLock } from './engine-command.ts';
import type { Ended, Rim } from './engine-types.ts';
import type { Leaf } from './model/certificate.ts';
import { dialMatrix } from './model/dial.ts';
import type { Failure } from './model/failure.ts';
import { type ByHand, procedureText } from './show/rescue-text.ts';

export interface RescueEnded extends Ended {
  /** What a person reads at the end: what follows, or the procedure by hand. */
  readonly said: string;
}

/** `rescue`: from any cluster without quorum, with or without a journal. */
export async function rescueCluster(command: RescueCommand): Promise<RescueEnded> {
  let said = '';
  const ended = await withStateLock(command, true, async () => {
    const { rim } = command;
    const past = await unfinishedRun(rim);
    const next = past.ok && past.value !== undefined ? `run ${past.value.files.id}` : undefined;
    const look = await lookDead(rim);
    if (!look.ok) return refused(look.error);
    if (look.value.hasQuorum) {
      said = `nothing to rescue: the cluster has quorum. Next: ${nextCommand(rim, next)}`;
      return { exit: 0, state: undefined, failures: [], reportPath: undefined };
    }
    const prepared = planned(command, look.value, new Map(), bundleIn(rim.store.path));
    if (!prepared.ok) {
      said = await byHand(command, look.value, prepared.error);
      return { exit: 6, state: undefined, failures: [prepared.error], reportPath: undefined };
    }
    const done = await carryOutRescue(command, look.value, prepared.value);
    if (done.exit === 0) said = `quorum is back. Next: ${nextCommand(rim, next)}`;
    return done;
  });
  return { ...ended, said };
}

function nextCommand(rim: Rim, run: string | undefined): string {
  const { planFile } = rim.desired;
  return run === undefined
    ? `peershift run ${planFile} brings every member to what the plan asks for`
    : `${run} is unfinished: peershift rollback ${planFile} brings it back, peershift resume ${planFile} goes on with it`;
}

/** What is left to a person, from what a search with more in hand would do. */
async function byHand(command: RescueCommand, look: DeadLook, failure: Failure): Promise<string> {
  const { rim } = command;
  const words = { signed: new Map<string, Leaf>(), place: bundleIn(rim.store.path) };
  const signing = searched(rim, look, { ...words, allowsAutoTls: false, pretendsKey: true });
  const auto = searched(rim, look, { ...words, allowsAutoTls: true });
  const leaves = (signing?.changes ?? []).flatMap(({ member, parts }): ByHand['leaves'] => {
    return parts.flatMap((part) => (part.kind === 'leaf' ? [{ member, ...part }] : []));
  });
  const onlyLeaves = signing?.changes.every(({ parts }) =>
    parts.every(({ kind }) => kind === 'leaf'),
  );
  const silent = await unansweredPairs(
    { ...rim, isHere: (name) => rim.doors.get(name)?.host === rim.here },
    look.state,
    look.world,
    (pair) => dialMatrix(look.world).get(pair)?.can === 'yes',
  );
  return procedureText({
    desired: rim.desired,
    world: look.world,
    lost: look.lost,
    silent,
    failure,
    leaves: !look.canSign && onlyLeaves === true ? leaves : [],
    canUseAutoTls: !command.allowsAutoTls && auto !== undefined && usesAutoTls(auto),
    authorityPath: look.material?.authorityPath ?? 'ca.pem',
  });
}
