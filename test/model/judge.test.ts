/**
 * Goal: the proof is right. Method: a brute-force judge that shares no code with it walks the same
 * rollouts, good ones and spoilt ones, from every mix; both must say the same of each, down to the first
 * bad world. And the count of worlds that a proof prints is that of a closed formula.
 */

import { afterAll, describe, expect, it } from 'vitest';
import type { FileContent, Leaf } from '../../src/model/certificate.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { FLAG, type Settings } from '../../src/model/settings.ts';
import type { Step } from '../../src/model/step.ts';
import { STRATEGIES } from '../../src/model/desired.ts';
import { cutOff } from '../../src/prove/invariants/cut-off.ts';
import { degraded } from '../../src/prove/invariants/degraded.ts';
import { leaderDialable } from '../../src/prove/invariants/leader.ts';
import { quorum } from '../../src/prove/invariants/quorum.ts';
import { prove } from '../../src/prove/prove.ts';
import { type Bad, type Judgement, type Place, judgeRollout } from '../support/judge.ts';
import { mixText, mixedWorldOf, mixesOf } from '../support/mixes.ts';
import { desiredFor, withDeadMan } from '../support/rollouts.ts';
import { planBack, planOn } from '../support/small-clusters.ts';

/** The rules that the judge knows; the others are about what a step needs and in which order it stands. */
const RULES = [quorum, cutOff, degraded, leaderDialable];

/** Of the mixes of a size every so many-th is taken: a few hundred rollouts, each spoilt in five ways. */
const EVERY: Readonly<Record<number, number>> = { 1: 1, 2: 7, 3: 151, 5: 19_001 };

/** Verdict to how often it was given by both. */
const agreed = new Map<string, number>();
let worldCount = 0;

afterAll(() => {
  const verdicts = [...agreed]
    .sort(([, a], [, b]) => b - a)
    .map(([verdict, count]) => `${String(count)} ${verdict}`);
  process.stdout.write(
    `judge: ${String(worldCount)} worlds judged twice; ${verdicts.join('; ')}\n`,
  );
});

const CASES = STRATEGIES.flatMap((strategy) => {
  return strategy === 'rebuild' ? [] : [1, 2, 3, 5].map((size) => ({ strategy, size }));
});
/** A dead-man makes half as many worlds more: fewer mixes. */
const DEAD_MAN_EVERY: Readonly<Record<number, number>> = { 1: 1, 2: 13, 3: 307, 5: 40_009 };

describe('the proof and a judge that shares no code with it', () => {
  it.each(CASES)('say the same of $strategy with $size members', ({ strategy, size }) => {
    for (const { rollout, text } of rolloutsOf(strategy, size)) {
      for (const spoilt of spoiltWaysOf(rollout)) {
        const ours = verdictOfProof(spoilt);
        const theirs = judgeRollout(spoilt);
        // What a step needs is no matter of links: the judge carries every step out as it stands.
        const verdict = ours === UNFIT ? UNFIT : verdictOfJudge(theirs, spoilt);
        expect(`${text}: ${ours}`).toBe(`${text}: ${verdict}`);
        worldCount += theirs.worldCount;
        const kind = ours.split(': ').at(-1) ?? '';
        agreed.set(kind, (agreed.get(kind) ?? 0) + 1);
      }
    }
  });

  it.each(CASES)(
    'say the same of $strategy with $size members and a dead-man that may go off at any moment',
    ({ strategy, size }) => {
      for (const { rollout, text } of rolloutsOf(strategy, size, true)) {
        expect(rollout.steps.some(({ kind }) => kind === 'arm-dead-man')).toBe(
          rollout.steps.some(({ kind }) => kind === 'disarm-dead-man'),
        );
        for (const spoilt of [rollout, ...spoiltTimersOf(rollout)]) {
          const ours = verdictOfProof(spoilt);
          const theirs = judgeRollout(spoilt);
          const verdict = ours === UNFIT ? UNFIT : verdictOfJudge(theirs, spoilt);
          expect(`${text}: ${ours}`).toBe(`${text}: ${verdict}`);
          worldCount += theirs.worldCount;
          const kind = ours.includes('went off') ? 'a dead-man goes off' : '';
          if (kind !== '') agreed.set(kind, (agreed.get(kind) ?? 0) + 1);
        }
      }
    },
  );

  it('have met dead-men that would do harm, and refused them', () => {
    expect(agreed.get('a dead-man goes off') ?? 0).toBeGreaterThan(20);
  });

  it('have met each of the four rules as the first to break, somewhere in all of these', () => {
    for (const { name } of RULES) expect(agreed.get(name) ?? 0, name).toBeGreaterThan(0);
  });
});

describe('the count of worlds that a proof prints', () => {
  it.each(CASES)('is that of the formula: $strategy with $size members', ({ strategy, size }) => {
    for (const { rollout, text } of rolloutsOf(strategy, size)) {
      const proven = prove(rollout, { accept: [], rollbackFrom: undefined, invariants: [] });
      // A refused rollout prints no count.
      if (!proven.ok) continue;
      const printed = proven.value.proof.worldCount;
      expect(`${text}: ${String(printed)}`).toBe(`${text}: ${String(worldsOf(rollout))}`);
      expect(judgeRollout(rollout).worldCount).toBe(printed);
    }
  });
});

interface Case {
  readonly text: string;
  readonly rollout: Rollout;
}

/** From every so many-th mix, each with another leader: on to the goal, and from there back. */
function rolloutsOf(
  strategy: (typeof STRATEGIES)[number],
  size: number,
  hasDeadMan = false,
): readonly Case[] {
  const every = hasDeadMan ? DEAD_MAN_EVERY : EVERY;
  const mixes = mixesOf(size).filter((_, index) => index % (every[size] ?? 1) === 0);
  return mixes.flatMap((mix, index) => {
    const world = mixedWorldOf(mix, index % size);
    const plain = desiredFor(world, { strategy });
    const desired = hasDeadMan ? withDeadMan(plain) : plain;
    const forward = planOn(world, desired);
    const proven = prove(forward, { accept: [], rollbackFrom: undefined, invariants: [] });
    const end = proven.ok ? proven.value.worlds.at(-1) : undefined;
    const rollouts = end === undefined ? [forward] : [forward, planBack(world, end, desired)];
    return rollouts.map((rollout) => {
      return { text: `${strategy} ${rollout.direction}, ${mixText(mix, world)}`, rollout };
    });
  });
}

/**
 * As planned; without its windows; without hand-overs; all settings written at first; with a step left out,
 * and with two that changed places; and with leaves that are no good for one thing.
 */
function spoiltWaysOf(rollout: Rollout): readonly Rollout[] {
  const { steps } = rollout;
  const dropped = steps.map((_, index) => steps.filter((__, other) => other !== index));
  const swapped = steps.slice(1).map((_, index) => swap(steps, index));
  const some = [...dropped, ...swapped].filter((_, index) => (index + steps.length) % 9 === 0);
  const calm = steps.filter(({ kind }) => kind !== 'transfer-leader');
  const isWrite = ({ kind }: Step): boolean => kind === 'configure-member';
  const early = [...steps.filter(isWrite), ...steps.filter((step) => !isWrite(step))];
  return [
    rollout,
    { ...rollout, windows: [] },
    ...[calm, early, ...some].map((changed) => ({ ...rollout, steps: changed })),
    // The end of a way back is not asked to be the goal: the leaves show where they first do harm.
    ...SPOILT_LEAVES.map((changes) => ({
      ...withLeaves(rollout, changes),
      direction: 'rollback' as const,
    })),
  ];
}

/**
 * Timers that put back what they should not: the settings without trust and leaf, as the original file has
 * them; and another listener than anybody is told to dial.
 */
function spoiltTimersOf(rollout: Rollout): readonly Rollout[] {
  const armedWith = (change: (settings: Settings) => Settings): Rollout => {
    const steps = rollout.steps.map((step) => {
      return step.kind === 'arm-dead-man' ? { ...step, settings: change(step.settings) } : step;
    });
    return { ...rollout, steps };
  };
  const bare = armedWith((settings) => {
    const kept = Object.entries(settings).filter(
      ([flag]) => !/^peer-(cert|key|trusted)/u.test(flag),
    );
    return Object.fromEntries(kept);
  });
  const deaf = armedWith((settings) => ({
    ...settings,
    [FLAG.listenPeerUrls]: 'http://10.255.255.1:2380',
    [FLAG.peerTrustedCaFile]: '',
    [FLAG.peerClientCertAuth]: '',
  }));
  return [bare, deaf];
}

const SPOILT_LEAVES: readonly Partial<Leaf>[] = [
  { clientAuth: false },
  { serverAuth: false },
  { ipAddresses: ['10.9.9.9'] },
  { trustedBy: ['another-ca'] },
  { keyId: 'another-key' },
];

/** m1 has this leaf, wherever it stands and wherever it is installed. */
function withLeaves(rollout: Rollout, changes: Partial<Leaf>): Rollout {
  const spoil = (content: FileContent): FileContent => {
    const isMine = content.kind === 'leaf' && content.leaf.subject === 'CN=m1';
    return isMine ? { kind: 'leaf', leaf: { ...content.leaf, ...changes } } : content;
  };
  const members = rollout.start.members.map((member) => {
    const files = Object.entries(member.disk.files).map(
      ([path, each]) => [path, spoil(each)] as const,
    );
    return { ...member, disk: { ...member.disk, files: Object.fromEntries(files) } };
  });
  const steps = rollout.steps.map((step) => {
    if (step.kind !== 'install-certificates') return step;
    return {
      ...step,
      files: step.files.map((file) => ({ ...file, content: spoil(file.content) })),
    };
  });
  return { ...rollout, start: { ...rollout.start, members }, steps };
}

function swap(steps: readonly Step[], index: number): readonly Step[] {
  const [a, b] = [steps[index], steps[index + 1]];
  if (a === undefined || b === undefined) return steps;
  return [...steps.slice(0, index), b, a, ...steps.slice(index + 2)];
}

const UNFIT = 'a step could not be carried out';
const OPEN_END = 'the end cannot dial';

function verdictOfProof(rollout: Rollout): string {
  const proven = prove(rollout, { accept: [], rollbackFrom: undefined, invariants: RULES });
  return proven.ok ? 'safe' : refusalText(proven.error);
}

/** `after 7, m1 crashed: quorum`. */
function refusalText({ where, but }: Failure): string {
  if (where === 'at the end of the rollout') return OPEN_END;
  const rule = /\(rule ([a-z-]+)\)$/u.exec(but)?.[1];
  if (rule === undefined) return UNFIT;
  const [, kind = '', number = '0'] =
    /^(?:at the )?(start|before|in the middle|after|end)(?: of)?(?: step (\d+))?/u.exec(where) ??
    [];
  const [, crashed, back] = /(\S+) crashes( and comes back)?/u.exec(where) ?? [];
  const [, wentOff] = /the dead-man of (\S+) goes off/u.exec(where) ?? [];
  const place = { crashed, isBack: back !== undefined, wentOff };
  return placeText(rule, kind === 'in the middle' ? 'middle' : kind, number, place);
}

function verdictOfJudge({ bad, openAtEnd }: Judgement, { direction }: Rollout): string {
  if (openAtEnd.length > 0 && direction === 'forward') return OPEN_END;
  const [first] = [...bad].sort((a, b) => weightOf(a) - weightOf(b));
  if (first === undefined) return 'safe';
  const { rule, at } = first;
  return placeText(rule, at.kind, at.kind === 'end' ? '0' : String(at.step), at);
}

function placeText(
  rule: string,
  kind: string,
  step: string,
  { crashed, isBack, wentOff }: Pick<Place, 'crashed' | 'isBack' | 'wentOff'>,
): string {
  const mishap = crashed === undefined ? '' : `, ${crashed} ${isBack ? 'is back' : 'crashed'}`;
  const timer = wentOff === undefined ? '' : `, that of ${wentOff} went off`;
  return `${kind} ${step}${timer}${mishap}: ${rule}`;
}

/** The earliest step; there, without a crash before with one; there, whole worlds before half ones. */
function weightOf({ at }: Bad): number {
  const isCalm = at.crashed === undefined && at.wentOff === undefined;
  return at.step * 4 + (isCalm ? 0 : 2) + (at.kind === 'middle' ? 1 : 0);
}

/**
 * What is enumerated: the start, the end, and each step before, after and in each of its halves. A restart
 * and a hand-over have one half, an install one less than its files. The start, each half and each after
 * (but of steps that change nothing) also have two worlds more for each member that is up then: it
 * crashes, or it crashes and is back.
 *
 *   worlds = 2 + 2 steps + halves + 2 (up at start + sum of up in halves + sum of up after busy steps)
 *
 * With n members, s steps, r restarts, t hand-overs, i halves of installs, p backups and issues, u up at the
 * start, and d and h the members that are down in those worlds (stopped for their turn, or from the start):
 *
 *   worlds = 2 + 2s + (r + t + i) + 2 (u + r(n - 1) + tn + in - h + (s - p)n - d)
 */
function worldsOf({ steps, start }: Rollout): number {
  const n = start.members.length;
  const downAtFirst = start.members.filter(({ process: running }) => running === undefined);
  const count = (kind: Step['kind']): number => steps.filter((step) => step.kind === kind).length;
  const [s, r, t] = [steps.length, count('restart-member'), count('transfer-leader')];
  const p = count('take-snapshot') + count('issue-certificates');
  const halves = steps.map((step) =>
    step.kind === 'install-certificates' ? step.files.length - 1 : 0,
  );
  const i = halves.reduce((sum, each) => sum + each, 0);
  // Who is down: from the start, or from its stop, until its own start.
  const down = new Set<string>(downAtFirst.map(({ name }) => name));
  let [missing, missingInHalves] = [0, 0];
  steps.forEach((step, index) => {
    const isHalved = step.kind === 'restart-member' || step.kind === 'transfer-leader';
    missingInHalves += down.size * ((halves[index] ?? 0) + (isHalved ? 1 : 0));
    if (step.kind === 'stop-member') down.add(step.member);
    if (step.kind === 'start-member') down.delete(step.member);
    if (step.kind !== 'take-snapshot' && step.kind !== 'issue-certificates') missing += down.size;
  });
  const up = n - downAtFirst.length + r * (n - 1) + t * n + i * n - missingInHalves;
  return 2 + 2 * s + (r + t + i) + 2 * (up + (s - p) * n - missing);
}
