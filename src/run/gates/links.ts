/**
 * links: the observed dial matrix against the predicted one. Each cell has a source and a reason: the fresh
 * probes of the dialing member itself, else a dial from its host with its own leaf, and against both of them
 * what the logs say later (`model/link-cell.ts`).
 */

import { type DialAnswer, dialMatrix } from '../../model/dial.ts';
import type { Fault, Verdict } from '../../model/gate.ts';
import type { MemberName } from '../../model/ids.ts';
import {
  type DialEvidence,
  type LineEvidence,
  type LinkCell,
  type ProbeEvidence,
  linkCell,
} from '../../model/link-cell.ts';
import type { World } from '../../model/world.ts';
import type { LinkEvidence } from '../machine-types.ts';
import type { RunDoors } from '../run-doors.ts';
import {
  type Sample,
  SAMPLES_PER_TICK,
  TICK_MS,
  TICK_OVERDUE_MS,
  readSamples,
  reissue,
} from './fresh-probes.ts';
import { cellsText, pairText, waitingText } from './links-text.ts';
import { type Touched, isTouched } from '../../model/step.ts';

/** A first tick that says `not reached` is asked once more: the listener may have come up between probe and tick. */
const MAX_ROUNDS = 2;
/** A log that speaks against a probe is answered by a new probe; a link that breaks time and again stays broken. */
const MAX_ROUNDS_AFTER_LINES = 3;
/** As often as a member's own prober would. */
const REDIAL_MS = 5000;

export interface LinkProbe {
  /** Reads what is new. A cell that is known is not probed again, as long as no log speaks against it. */
  poll(): Promise<Verdict>;
  result(): LinkEvidence;
}

export interface LinkProbeInput {
  readonly expected: World;
  /** The ordered pairs to be shown, `a>b`: those that nobody has seen since they last changed. */
  readonly pairs: readonly string[];
  readonly touched: Touched;
  /** Before every membership write: is the lock still ours? */
  readonly isFenced: () => Promise<boolean>;
  /** The last dial failure that a log tells of each pair; of a pair that is predicted to fail, since that moment. */
  readonly lines: (expectedSinceMs: number) => ReadonlyMap<string, LineEvidence>;
  /** Why the log of this member cannot be heard; undefined: it is read to its end. */
  readonly unheard: (member: MemberName) => string | undefined;
}

export function makeLinkProbe(doors: RunDoors, input: LinkProbeInput): LinkProbe {
  return new LinkGate(doors, input);
}

class LinkGate implements LinkProbe {
  readonly #doors: RunDoors;
  readonly #input: LinkProbeInput;
  readonly #predicted: ReadonlyMap<string, DialAnswer>;
  readonly #probes = new Map<string, ProbeEvidence>();
  /** Of this round. */
  readonly #dials = new Map<string, DialEvidence>();
  #dialedAtMs = -Infinity;
  #baseline: ReadonlyMap<string, Sample> | undefined;
  #startedAtMs = 0;
  #round = 0;
  #roundsAfterLines = 0;

  constructor(doors: RunDoors, input: LinkProbeInput) {
    this.#doors = doors;
    this.#input = input;
    const wanted = new Set(input.pairs);
    const predicted = [...dialMatrix(input.expected)].filter(([pair]) => wanted.has(pair));
    this.#predicted = new Map(predicted);
    for (const pair of this.#predicted.keys()) this.#probes.set(pair, { kind: 'waiting', atMs: 0 });
  }

  async poll(): Promise<Verdict> {
    if (this.#predicted.size === 0) return { kind: 'pass', evidence: 'no peer link to probe' };
    if (this.#baseline === undefined) return (await this.#begin()) ?? this.#waiting();
    await this.#read();
    await this.#dial();
    const verdict = this.#judge();
    if (verdict.kind === 'pass' || !this.#mayLookAgain(verdict)) return verdict;
    this.#baseline = undefined;
    const reason = verdict.kind === 'fail' ? verdict.because : verdict.waitsFor;
    return { kind: 'hold', waitsFor: `a second look: ${reason}`, fault: verdict.fault };
  }

  result(): LinkEvidence {
    const cells = this.#cells();
    const isBroken = (pair: string): boolean => cells.get(pair)?.state === 'not-reached';
    return {
      blocked: this.#surprises(cells).filter(isBroken),
      unobserved: [...cells].filter(([, { state }]) => state !== 'reached').map(([pair]) => pair),
      cells: Object.fromEntries(cells),
    };
  }

  async #begin(): Promise<Verdict | undefined> {
    const pairs = [...this.#predicted.keys()];
    const refused = await reissue(this.#doors, { ...this.#input, pairs });
    if (refused !== undefined) return refused;
    this.#round += 1;
    this.#startedAtMs = this.#doors.clock.nowMs();
    const { of, unread } = await readSamples(this.#doors, new Set(pairs.map(sourceOf)));
    this.#baseline = of;
    this.#dials.clear();
    const atMs = this.#doors.clock.nowMs();
    for (const pair of pairs) {
      const because = unread.get(sourceOf(pair)) ?? 'its metrics are not known';
      const kind = of.has(pair) ? 'waiting' : 'unreadable';
      this.#probes.set(pair, {
        kind,
        atMs,
        because: `no metrics of ${sourceOf(pair)}: ${because}`,
      });
    }
    return undefined;
  }

  async #read(): Promise<void> {
    const waiting = [...this.#probes].filter(([, { kind }]) => kind === 'waiting');
    if (waiting.length === 0) return;
    const sources = new Set(waiting.map(([pair]) => sourceOf(pair)));
    const { of } = await readSamples(this.#doors, sources);
    const atMs = this.#doors.clock.nowMs();
    for (const [pair] of waiting) {
      const [before, now] = [this.#baseline?.get(pair), of.get(pair)];
      if (before === undefined || now === undefined) continue;
      const samples = now.count - before.count;
      const hasGrown = samples >= SAMPLES_PER_TICK && now.sum > before.sum;
      if (hasGrown) this.#probes.set(pair, { kind: 'reached', atMs });
      else if (samples >= SAMPLES_PER_TICK * this.#urlCount(pair))
        this.#probes.set(pair, { kind: 'not-reached', atMs });
      else if (now.count === 0 && this.#isOverdue() && this.#round >= MAX_ROUNDS) {
        const because = `${sourceOf(pair)} counts no round trips to ${targetOf(pair)}`;
        this.#probes.set(pair, { kind: 'unreadable', atMs, because });
      }
    }
  }

  /** Only where no metrics can be read, and never a dial that must be refused. */
  async #dial(): Promise<void> {
    const { dialLinks, clock } = this.#doors;
    if (dialLinks === undefined || clock.nowMs() - this.#dialedAtMs < REDIAL_MS) return;
    const cells = this.#cells();
    const pairs = [...this.#predicted].flatMap(([pair, answer]) => {
      const isPossible = answer.can === 'yes' || wasSeenBroken(answer);
      const isBlind = this.#probes.get(pair)?.kind === 'unreadable';
      const isOpen = cells.get(pair)?.state !== 'reached';
      return isBlind && isOpen && isPossible ? [pair] : [];
    });
    if (pairs.length === 0) return;
    const made = await dialLinks(pairs);
    const atMs = clock.nowMs();
    this.#dialedAtMs = atMs;
    for (const [pair, dial] of made) this.#dials.set(pair, { ...dial, atMs });
  }

  #cells(): ReadonlyMap<string, LinkCell> {
    const lines = this.#input.lines(this.#startedAtMs);
    return new Map(
      [...this.#probes].map(([pair, probe]) => {
        const [line, dial] = [lines.get(pair), this.#dials.get(pair)];
        const unheard = this.#input.unheard(sourceOf(pair));
        return [pair, linkCell({ probe, dial, line, unheard })];
      }),
    );
  }

  #judge(): Verdict {
    const cells = this.#cells();
    const wrong = this.#surprises(cells);
    const { touched } = this.#input;
    const isOurs =
      touched === undefined ||
      wrong.some((pair) => pair.split('>').some((end) => isTouched(touched, end)));
    const fault: Fault = isOurs ? 'ours' : 'foreign';
    if (wrong.length > 0) {
      const because = wrong.map((pair) => this.#surpriseText(pair, cells)).join('; ');
      // What a log says may still cease; what a probe or a dial shows, twice, does not wait.
      const isSaidOnly = wrong.every((pair) => cells.get(pair)?.source === 'log');
      return isSaidOnly
        ? { kind: 'hold', waitsFor: `these links: ${because}`, fault }
        : { kind: 'fail', because, fault };
    }
    if ([...cells.values()].some(({ state }) => state === 'unknown')) return this.#waiting(cells);
    return { kind: 'pass', evidence: cellsText(cells) };
  }

  #mayLookAgain(verdict: Verdict): boolean {
    const isSaid = [...this.#cells()].some(([pair, { source }]) => {
      return source === 'log' && this.#probes.get(pair)?.kind === 'reached';
    });
    if (isSaid) {
      this.#roundsAfterLines += 1;
      return this.#roundsAfterLines <= MAX_ROUNDS_AFTER_LINES;
    }
    if (this.#round - this.#roundsAfterLines >= MAX_ROUNDS) return false;
    return verdict.kind === 'fail' || (verdict.kind === 'hold' && this.#isOverdue());
  }

  #isOverdue(): boolean {
    const counts = Object.values(this.#input.expected.record).map((urls) => urls.length);
    const waitedMs = this.#doors.clock.nowMs() - this.#startedAtMs;
    return waitedMs > TICK_OVERDUE_MS + TICK_MS * (Math.max(1, ...counts) - 1);
  }

  #urlCount(pair: string): number {
    return this.#input.expected.record[targetOf(pair)]?.length ?? 1;
  }

  #waiting(cells = this.#cells()): Verdict {
    return { kind: 'hold', waitsFor: waitingText(cells), fault: 'ours' };
  }

  #surpriseText(pair: string, cells: ReadonlyMap<string, LinkCell>): string {
    const { state, source, because } = cells.get(pair) ?? { state: 'unknown', because: '' };
    if (state === 'reached') return `${pairText(pair)}: reached, predicted not`;
    const how = source === 'metrics' ? 'not reached by fresh probes' : because;
    return `${pairText(pair)}: ${how}, predicted good`;
  }

  #surprises(cells: ReadonlyMap<string, LinkCell>): readonly string[] {
    return [...this.#predicted].flatMap(([pair, answer]) => {
      const state = cells.get(pair)?.state;
      const isWrong =
        (state === 'reached' && answer.can === 'no' && !wasSeenBroken(answer)) ||
        (state === 'not-reached' && answer.can === 'yes');
      return isWrong ? [pair] : [];
    });
  }
}

/** What was seen broken once may work again, now that one of its ends has changed. */
function wasSeenBroken(answer: DialAnswer): boolean {
  return answer.can === 'no' && answer.reason === 'seen-broken';
}

function sourceOf(pair: string): MemberName {
  return pair.split('>')[0] as MemberName;
}

function targetOf(pair: string): string {
  return pair.split('>')[1] ?? '';
}
