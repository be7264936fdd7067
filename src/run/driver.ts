/** Gives the statechart its hands: each actor of the machine as a call through the doors. */

import { assert, present } from '../base/assert.ts';
import type { Failure } from '../model/failure.ts';
import type { ProvenRollout } from '../model/proof.ts';
import { touchedBy, touchedMembers } from '../model/step.ts';
import type { World } from '../model/world.ts';
import { ARRIVED, type JournalBody, type RunOutcome } from '../model/journal.ts';
import { gateEntry, plannedEntry } from './entries.ts';
import { runGate } from './gate-loop.ts';
import type { EvidenceInput } from './evidence.ts';
import type { Hands } from './handlers/context.ts';
import { linksKnown, worldAt } from './links-known.ts';
import { armedNotes, clearOver, firingBehind } from './dead-man.ts';
import { diagnosed, diagnosedGate } from './diagnosis.ts';
import { look } from './freshness.ts';
import { withHooks } from './hooks.ts';
import { type HostLocks, makeHostLocks } from './host-locks.ts';
import { unwritable } from './journal-writer.ts';
import { type ClusterLock, NO_CLUSTER_LOCK, acquireLock, lockLost } from './lease.ts';
import { type LoadWatch, makeLoadWatch } from './load-watch.ts';
import { type LogWatch, makeLogWatch } from './log-watch.ts';
import { startMachine } from './machine.ts';
import {
  type Answer,
  type Context,
  GOOD,
  type RunActors,
  type RunningMachine,
  bad,
  isInsideGroup,
  touches,
  stepAt,
  whyBarred,
} from './machine-types.ts';
import { type Pauses, windowFailure } from './pauses.ts';
import { perform } from './perform.ts';
import type { RunDoors } from './run-doors.ts';
import { Witnesses } from './witnesses.ts';

export interface DriveInput {
  readonly doors: RunDoors;
  readonly proven: ProvenRollout;
  readonly because: string;
  readonly hasTouched: boolean;
  readonly acceptsDowntime: boolean;
  readonly pauses: Pauses;
  /** No API answers: there is no cluster lock, only that of the state folder, and the end is not verified. */
  readonly isBlind?: boolean;
  /** The store's writes and its leader are watched all run long, by reading. */
  readonly watchesWrites?: boolean;
  /** Owner text of the run that is resumed: its lock is taken over at once. */
  readonly formerOwners: readonly string[];
  /** Owner text whose lock is taken over although it has not expired. */
  readonly breaksLockOf?: string | undefined;
}

export function drive(input: DriveInput): RunningMachine {
  const { doors, proven, because, pauses, hasTouched } = input;
  const { onFailure } = doors.desired;
  const given = { proven, onFailure, because, pauses, hasTouched };
  return startMachine(withHooks(new Driver(input), doors), given);
}

class Driver implements RunActors {
  readonly #input: DriveInput;
  readonly #doors: RunDoors;
  readonly #logs: LogWatch;
  readonly #load: LoadWatch | undefined;
  readonly #witnesses: Witnesses;
  #lock: ClusterLock | undefined;
  #hosts: HostLocks | undefined;
  #movedAtMs = 0;

  constructor(input: DriveInput) {
    this.#input = input;
    this.#doors = input.doors;
    this.#witnesses = new Witnesses(input.doors);
    this.#logs = makeLogWatch(input.doors);
    const { load } = input.doors.desired.gates;
    this.#load = load === undefined ? undefined : makeLoadWatch(input.doors, load);
  }

  acquire: RunActors['acquire'] = async () => {
    if (this.#input.watchesWrites === true) this.#witnesses.watchWrites();
    if (this.#input.isBlind === true) {
      this.#lock = NO_CLUSTER_LOCK;
      const taken = await this.#takeHosts(undefined);
      if (taken !== undefined) return bad(taken);
      await this.#baseline();
      return GOOD;
    }
    const { formerOwners, breaksLockOf } = this.#input;
    const lock = await acquireLock({ doors: this.#doors, formerOwners, breaksLockOf });
    if (!lock.ok) return bad(lock.error);
    this.#lock = lock.value;
    const { key, leaseId, createRevision } = lock.value;
    const written = await this.#write({ type: 'locked', key, leaseId, createRevision });
    if (written.kind === 'bad') return written;
    const taken = await this.#takeHosts(createRevision);
    if (taken !== undefined) return bad(taken);
    await clearOver(this.#doors.members);
    this.#witnesses.releaseCanary();
    await this.#baseline();
    return GOOD;
  };

  recordPlan: RunActors['recordPlan'] = (context) => {
    const isFirst = this.#doors.journal.state().noise === undefined;
    const noise = isFirst ? this.#logs.noise() : undefined;
    return this.#write(plannedEntry(context.proven, context.because, noise));
  };

  look: RunActors['look'] = async (context, signal) => {
    const step = present(stepAt(context), 'the step to look for');
    const where = this.#where(context);
    // Nothing may hold it up: what is armed goes off by itself.
    if (step.kind === 'disarm-dead-man') return GOOD;
    const closed = this.#outsideWindow(context, where);
    if (closed !== undefined) return bad(closed, 'foreign');
    if (!(await this.#holdsLock())) {
      if (!isInsideGroup(context)) return bad(lockLost(where), 'foreign');
      const text = `${where}: the lock is lost; the group in hand is finished, then the run stops`;
      this.#doors.events.emit({ type: 'warning', text });
    }
    // Without an API nobody tells its health; that all processes run is looked at all the same.
    const acceptsDowntime = this.#input.acceptsDowntime || this.#input.isBlind === true;
    const expected = worldAt(context, context.index);
    const answer = await look(
      { doors: this.#doors, expected, step, where, acceptsDowntime, load: this.#loadFor(context) },
      signal,
    );
    if (answer.failure === undefined || answer.fault === 'foreign') return answer;
    const evidence = this.#evidence(context, expected);
    const { failure } = await diagnosed(this.#doors, expected, answer.failure, evidence);
    return { ...answer, failure };
  };

  intend: RunActors['intend'] = (context) => {
    const step = present(stepAt(context), 'the step to intend');
    return this.#write({ type: 'intended', step: step.id, index: context.index });
  };

  perform: RunActors['perform'] = async (context) => {
    const step = present(stepAt(context), 'the step to perform');
    const fenced = await this.#fence(context);
    if (fenced !== undefined) return bad(fenced, 'foreign');
    this.#movedAtMs = this.#doors.clock.nowMs();
    const hands = this.#hands(context);
    const answer = await this.#witnesses.during(step, () => perform(hands, step));
    return answer.kind === 'bad' ? ((await firingBehind(hands)) ?? answer) : answer;
  };

  recordDone: RunActors['recordDone'] = (context) => {
    const step = present(stepAt(context), 'the step that is done');
    return this.#write({ type: 'done', step: step.id, effects: context.effects });
  };

  recordFailed: RunActors['recordFailed'] = (context) => {
    const step = present(stepAt(context), 'the step that failed');
    const { effects } = context;
    return this.#write({
      type: 'failed',
      step: step.id,
      failure: present(context.failure, 'why it failed'),
      ...(effects.length === 0 ? {} : { effects }),
    });
  };

  gate: RunActors['gate'] = async (context, signal) => {
    const step = present(stepAt(context), 'the step of the gate');
    const spec = present(step.after, 'the gate');
    const hands = this.#hands(context);
    const gated = await runGate({ hands, step, spec }, signal);
    return { kind: 'good', gated: await diagnosedGate(hands, step, gated) };
  };

  recordGate: RunActors['recordGate'] = (context) => {
    const step = present(stepAt(context), 'the step of the gate');
    return this.#write(gateEntry(step.id, present(context.gated, 'the verdict')));
  };

  planAgain: RunActors['planAgain'] = async (context) => {
    const { direction, repairsOnly } = context;
    const request = { direction, repairsOnly, ...linksKnown(context) };
    const planned = await this.#doors.planAgain(request);
    return planned.ok ? { kind: 'good', proven: planned.value } : bad(planned.error);
  };

  close: RunActors['close'] = async (context) => {
    const { failure } = context;
    const outcome = this.#outcomeOf(context);
    const because = failure === undefined ? whyBarred(context) : undefined;
    if (outcome === 'paused' && because !== undefined) {
      this.#doors.events.emit({ type: 'pausing', because: `${because}, as asked` });
    }
    for (const what of armedNotes(this.#doors.journal.state())) {
      await this.#write({ type: 'noted', what });
    }
    for (const witnessed of await this.#witnesses.stop()) await this.#write(witnessed);
    const written = await this.#write({ type: 'closed', outcome, failure });
    await this.#hosts?.release();
    if (this.#lock !== undefined && this.#lock !== NO_CLUSTER_LOCK) {
      await this.#lock.release();
      if (written.kind === 'good') await this.#write({ type: 'unlocked' });
    }
    return written;
  };

  /** Without an API the end is not verified, so the run stays open; a gate that compared data had one. */
  #outcomeOf({ outcome, lastDone }: Context): RunOutcome {
    const isOpen = this.#input.isBlind === true && !lastDone?.after?.checks.includes('data');
    return isOpen && ARRIVED.includes(outcome) ? 'paused' : outcome;
  }

  async #write(body: JournalBody): Promise<Answer> {
    const written = await this.#doors.journal.write(body);
    return written.ok ? GOOD : bad(unwritable(written.error));
  }

  /** Noise is what logs were full of before the first change of the run, and nothing later. */
  async #baseline(): Promise<void> {
    const { noise, steps } = this.#doors.journal.state();
    const known = noise ?? (steps.length === 0 ? undefined : []);
    await this.#logs.baseline(this.#input.proven.rollout.start, known);
  }

  /** A group that has begun is finished, and a way back is not held up. */
  #loadFor(context: Context): LoadWatch | undefined {
    const isFree = context.direction === 'forward' && touches(context) && !isInsideGroup(context);
    return isFree ? this.#load : undefined;
  }

  /** The journal counts the steps that were done before the rest was planned again. */
  #where(context: Context): string {
    const behind = this.#doors.journal.state().stepsBehind;
    const total = String(behind + context.proven.rollout.steps.length);
    const back = context.direction === 'forward' ? '' : ` of the ${context.direction}`;
    return `step ${String(behind + context.index + 1)} of ${total}${back}`;
  }

  async #takeHosts(fence: string | undefined): Promise<Failure | undefined> {
    this.#hosts = makeHostLocks(this.#doors, fence);
    const taken = await this.#hosts.takeAll();
    return taken.ok ? undefined : taken.error;
  }

  /** Time may have passed since the look: in a group that has begun the host's lock alone decides. */
  async #fence(context: Context): Promise<Failure | undefined> {
    const where = this.#where(context);
    if (!isInsideGroup(context) && !(await this.#holdsLock())) return lockLost(where);
    const step = stepAt(context);
    for (const member of step === undefined ? [] : touchedMembers(touchedBy(step))) {
      const lost = await this.#hosts?.check(member, where);
      if (lost !== undefined) return lost;
    }
    return undefined;
  }

  async #holdsLock(): Promise<boolean> {
    return (await this.#lock?.isHeld()) ?? false;
  }

  /** A group that has begun is finished whatever the hour. */
  #outsideWindow(context: Context, where: string): Failure | undefined {
    const { during } = context.pauses;
    if (during === undefined || isInsideGroup(context)) return undefined;
    return windowFailure(during, this.#doors.clock.nowMs(), where);
  }

  #hands(context: Context): Hands {
    assert(this.#lock, 'the lock is held while steps are performed');
    return {
      doors: this.#doors,
      lock: this.#lock,
      logs: this.#logs,
      canary: this.#witnesses.canary,
      isForward: context.direction === 'forward',
      before: worldAt(context, context.index),
      after: worldAt(context, context.index + 1),
      sinceMs: this.#movedAtMs,
      where: this.#where(context),
    };
  }

  /** Before a step: nothing is in hand, so what the last one stirred up and what is now counts. */
  #evidence(context: Context, expected: World): EvidenceInput {
    const last = context.proven.rollout.steps[context.index - 1];
    return {
      logs: this.#logs,
      before: last === undefined ? expected : worldAt(context, context.index - 1),
      after: expected,
      touched: last === undefined ? undefined : touchedBy(last),
      sinceMs: this.#movedAtMs,
      nowMs: this.#doors.clock.nowMs(),
    };
  }
}
