/**
 * A cluster without quorum, from what hosts and peer ports show to the smallest proven change on hosts that
 * brings it back. The same machine carries it out, under host locks alone; the member list is left as it is.
 */

import { unansweredPairs } from './discover/peer-ports.ts';
import { isRescueUnfinished } from './engine-records.ts';
import { type NextStep, nextStep } from './engine-rescue-next.ts';
import {
  type DeadLook,
  type RescueCommand,
  bundleIn,
  lookDead,
  planned,
  searched,
  usesAutoTls,
} from './engine-rescue-look.ts';
import { restoreFailure } from './engine-restore-checks.ts';
import { begunRestore, restoreCluster } from './engine-restore.ts';
import { carryOutRescue } from './engine-rescue-run.ts';
import { refused, withStateLock } from './engine-command.ts';
import { type Ended, membersHere } from './engine-types.ts';
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
    const { rim, options, restoreFrom } = command;
    if (restoreFrom !== undefined) {
      const restored = await restoreCluster(command, restoreFrom);
      said = restored.said;
      return restored;
    }
    const begun = await begunRestore(rim);
    if (!begun.ok) return refused([begun.error]);
    if (begun.value !== undefined) return refused([halfRestored(begun.value.step.from, rim)]);
    const look = await lookDead(rim);
    if (!look.ok) return refused(look.error);
    const before = look.value.hasQuorum ? await nextStep(rim, options) : undefined;
    const nothing = (next: NextStep): Ended => {
      said = `nothing to rescue: the cluster has quorum. Next: ${next.text}`;
      return { exit: 0, state: undefined, failures: [], reportPath: undefined };
    };
    const isLeft = before === undefined || before.isStuck || (await isRescueUnfinished(rim));
    if (before !== undefined && !isLeft) return nothing(before);
    const prepared = planned(command, look.value, new Map(), bundleIn(rim.store.path));
    if (before !== undefined && (!prepared.ok || prepared.value.proven.rollout.steps.length === 0))
      return nothing(before);
    if (!prepared.ok) {
      said = await byHand(command, look.value, prepared.error);
      return { exit: 6, state: undefined, failures: [prepared.error], reportPath: undefined };
    }
    const done = await carryOutRescue(command, look.value, prepared.value);
    if (done.exit === 0) said = `quorum is back. Next: ${(await nextStep(rim, options)).text}`;
    return done;
  });
  return { ...ended, said };
}

/** Some members may have data of another cluster than the rest: started one by one they would never agree. */
function halfRestored(from: string, { desired }: RescueCommand['rim']): Failure {
  const but = `a restore from ${from} has begun here, and has not come to its end`;
  const remedy = `peershift rescue ${desired.planFile} --restore-from ${from} goes on with it`;
  return restoreFailure(but, remedy);
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
    { ...rim, isHere: membersHere(rim) },
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
