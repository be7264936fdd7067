/**
 * A cluster of which most data are gone, from the member whose database is taken to a new cluster of the same members.
 * Only asked for by name: the IDs are new, and what only the lost members had stays lost.
 */

import { type Result, err, ok } from './base/result.ts';
import type { Stopped } from './discover/blind.ts';
import { refused } from './engine-command.ts';
import { carryOut } from './engine-drive.ts';
import { startOf } from './engine.ts';
import { type Past, leftOversEnded, newest } from './engine-records.ts';
import {
  type DeadLook,
  NO_MATERIAL,
  type RescueCommand,
  bundleIn,
  lookDead,
  planned,
} from './engine-rescue-look.ts';
import { rescueSkills } from './engine-rescue-run.ts';
import { restoreFailure, restoreRefusals } from './engine-restore-checks.ts';
import type { Ended, Prepared, Rim } from './engine-types.ts';
import type { Failure } from './model/failure.ts';
import type { RunState } from './model/run-state.ts';
import type { RestoreCluster } from './model/step.ts';
import { type RestoreWords, planRestore, restoreWords } from './plan/plan-restore.ts';
import { prove } from './prove/prove.ts';
import { RESCUE_RULES } from './prove/rescue-rules.ts';
import { newClusterText, restoreRisks } from './show/restore-text.ts';

interface Restored extends Ended {
  readonly said: string;
}

/** `rescue --restore-from MEMBER`; where the same was begun before, it is gone on with. */
export async function restoreCluster(command: RescueCommand, from: string): Promise<Restored> {
  const { rim } = command;
  const last = await begunRestore(rim);
  if (!last.ok) return silent(refused([last.error]));
  if (last.value !== undefined) await leftOversEnded(rim, last.value.past.state);
  const stopped = last.value === undefined ? undefined : stoppedOf(last.value.past.state);
  const look = await lookDead(rim, stopped);
  if (!look.ok) return silent(refused(look.error));
  const begun =
    last.value !== undefined && isUntouched(last.value.past.state) ? undefined : last.value;
  const words = await whatToRestore(command, look.value, begun?.step, from);
  if (!words.ok) return silent(refused(words.error));
  const isServing = look.value.hasQuorum && begun !== undefined;
  const work: Work = { command, look: look.value, past: begun?.past };
  const prepared = prepare(work, isServing ? undefined : words.value);
  if (!prepared.ok) return silent(refused([prepared.error]));
  const ended = await carriedOut(work, prepared.value, stopped);
  const after = ended.exit === 0 ? await lookDead(rim) : undefined;
  if (after?.ok !== true) return silent(ended);
  const before = last.value?.past.state.clusterId ?? look.value.state.clusterId;
  return { ...ended, said: newClusterText(after.value.state, before, rim.desired.planFile) };
}

/** All were stopped, another member was seen to reach further, and that was all. */
function isUntouched({ state, failure }: RunState): boolean {
  return state === 'closed' && failure?.code === 'RESTORE_REFUSED';
}

function silent(ended: Ended): Restored {
  return { ...ended, said: '' };
}

/** The last thing that was begun here is a restore, and no gate has passed behind it. */
export async function begunRestore(
  rim: Rim,
): Promise<Result<{ readonly past: Past; readonly step: RestoreCluster } | undefined, Failure>> {
  const last = await newest(rim, () => true);
  if (!last.ok) return last;
  const step = last.value?.state.steps.find((each) => each.kind === 'restore-cluster');
  if (last.value === undefined || step === undefined) return ok(undefined);
  const { gates, state } = last.value.state;
  const hasPassed = gates.some((gate) => gate.step === step.id && gate.verdict.kind === 'pass');
  return ok(hasPassed || state === 'final' ? undefined : { past: last.value, step });
}

/** Of a cluster that this very restore has stopped, nobody else can tell the list. */
function stoppedOf({ start, clusterId }: Pick<RunState, 'start' | 'clusterId'>): Stopped {
  return {
    clusterId,
    list: start.map(({ name, id, urls, clientUrls = [] }) => {
      return { id, name, peerUrls: urls, clientUrls, isLearner: false };
    }),
    versions: new Map(
      start.flatMap(({ name, version }) => (version === undefined ? [] : [[name, version]])),
    ),
  };
}

async function whatToRestore(
  command: RescueCommand,
  look: DeadLook,
  before: RestoreCluster | undefined,
  from: string,
): Promise<Result<RestoreWords, readonly Failure[]>> {
  const { rim } = command;
  if (before?.from === from) return ok(before);
  if (before !== undefined) {
    const but = `a restore from ${before.from} has begun, and some members may have its data already`;
    return err([restoreFailure(but, `name ${before.from}`)]);
  }
  if (look.hasQuorum) {
    return err([restoreFailure('the cluster has quorum', 'nothing has to be restored')]);
  }
  if (planned(command, look, new Map(), bundleIn(rim.store.path)).ok) {
    const but = 'a change on hosts alone brings quorum back, with all data and all IDs';
    return err([restoreFailure(but, `peershift rescue ${rim.desired.planFile}`)]);
  }
  const witnesses = look.world.members.flatMap(({ name }) => (look.lost.has(name) ? [] : [name]));
  const source = witnesses.find((name) => name === from);
  if (source === undefined) {
    const but = `${from} is none of the members whose data are there (${witnesses.join(', ')})`;
    return err([restoreFailure(but, 'name one of these')]);
  }
  const words = restoreWords(look.world, source, witnesses);
  const failures = await restoreRefusals(rim, look, words);
  return failures.length > 0 ? err(failures) : ok(words);
}

interface Work {
  readonly command: RescueCommand;
  readonly look: DeadLook;
  readonly past: Past | undefined;
}

/** Undefined words: all of it was done, and only its end is to be recorded. */
function prepare(
  { command: { rim }, look }: Work,
  what: RestoreWords | undefined,
): Result<Prepared, Failure> {
  const { world, state } = look;
  const { clusterId } = state;
  const planned = { desired: rim.desired, world, clusterId };
  const rollout = planRestore({ ...planned, what });
  const proven = prove(rollout, { accept: [], rollbackFrom: undefined, invariants: RESCUE_RULES });
  if (!proven.ok) return proven;
  return ok({
    observed: state,
    world,
    material: NO_MATERIAL,
    etcd: new Map(),
    warnings: what === undefined ? [] : restoreRisks(what, look.lost),
    downtime: [],
    proven: proven.value,
  });
}

async function carriedOut(
  { command, look, past }: Work,
  prepared: Prepared,
  stopped: Stopped | undefined,
): Promise<Ended> {
  const { rim, options } = command;
  const confirmed = await command.confirm(prepared);
  if (confirmed === undefined) return { ...refused([]), exit: 3 };
  const files = past === undefined ? await rim.store.create(options.newRunId()) : ok(past.files);
  if (!files.ok) return refused([files.error]);
  const start = startOf(prepared.observed, prepared.world);
  const { clusterId } = prepared.observed;
  const { name: planName, planFile } = rim.desired;
  const known = stopped ?? stoppedOf({ start, clusterId });
  const again = (): Promise<Result<Prepared, Failure>> => {
    const but = 'the cluster has moved since this was shown';
    return Promise.resolve(err(restoreFailure(but, 'the same command again')));
  };
  return carryOut({
    command,
    prepared,
    files: files.value,
    past: past?.state,
    opening:
      past === undefined
        ? {
            ...{ type: 'opened', program: options.program, planName, planFile, clusterId, start },
            direction: 'rescue',
          }
        : { type: 'resumed', direction: 'rescue', openIntent: past.state.openIntent },
    skills: () => rescueSkills(rim, again, known),
    how: {
      because: `asked for by --restore-from; ${String(look.lost.size)} members have no data`,
      hasTouched: past !== undefined,
      acceptsDowntime: true,
      pauses: {},
      isBlind: true,
      formerOwners: [],
    },
    wasCommanded: false,
  });
}
