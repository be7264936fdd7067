/** Can a's running process open a peer link to b at b's advertised URL, and if not, why not? And so for all pairs. */

import { type DialAnswer, dialUrl, no } from './dial-url.ts';
import { type MemberWorld, type World, facesOf, memberOf, pairKey, takeDerived } from './world.ts';

export type { DialAnswer, DialReason } from './dial-url.ts';
export { leafOf } from './dial-url.ts';

/** Any of the advertised URLs that works is enough: a dialer moves to the next one after a failure (urlpick.go). */
export function dial(world: World, from: MemberWorld, to: MemberWorld): DialAnswer {
  if (from.process === undefined) return no('source-down', `${from.name} is down`);
  if (to.process === undefined) return no('target-down', `${to.name} is down`);
  if (world.blocked.includes(pairKey(from.name, to.name))) {
    return no(
      'seen-broken',
      `fresh probes of ${from.name} did not reach ${to.name}, though listener, trust and leaves fit`,
    );
  }
  const urls = from.view[to.name] ?? [];
  let worst: DialAnswer = no('not-advertised', `${from.name} knows no peer URL of ${to.name}`);
  let isFirst = true;
  for (const url of urls) {
    const answer = dialUrl({
      nowMs: world.nowMs,
      url,
      from,
      to,
      source: from.process,
      target: to.process,
    });
    if (answer.can === 'yes') return answer;
    if (isFirst || answer.can === 'unknown') worst = answer;
    isFirst = false;
  }
  return worst;
}

/** All answers of one world, row by row in the order of its members; kept, for worlds never change. */
export interface Answers {
  readonly nowMs: number;
  readonly blocked: World['blocked'];
  readonly members: World['members'];
  /** Of member i to member j at `i * members.length + j`; undefined where one of them is down. */
  readonly rows: readonly (DialAnswer | undefined)[];
  /** The pairs that cannot dial, or of which that is unknown: mostly none, and asked by every rule. */
  readonly open: readonly OpenPair[];
}

export interface OpenPair {
  readonly pair: string;
  readonly answer: Exclude<DialAnswer, { readonly can: 'yes' }>;
}

/** By what of the members a dial can see. */
const KNOWN = new WeakMap<World['members'], Answers>();
const MATRICES = new WeakMap<Answers, ReadonlyMap<string, DialAnswer>>();
const ANSWERS = new WeakMap<MemberWorld, Map<MemberWorld, Remembered>>();

interface Remembered {
  readonly nowMs: number;
  readonly answer: DialAnswer;
}

/** The answers of this world; the same object for every world in which dials see the same members. */
export function answersOf(world: World): Answers {
  const members = facesOf(world.members);
  const { nowMs, blocked } = world;
  const known = KNOWN.get(members);
  if (known?.nowMs === nowMs && sameList(known.blocked, blocked)) return known;
  const rows = rowsOf(world, members);
  const open: OpenPair[] = [];
  rows.forEach((answer, at) => {
    if (answer === undefined || answer.can === 'yes') return;
    const [from, to] = [members[Math.floor(at / members.length)], members[at % members.length]];
    open.push({ pair: pairKey(from?.name ?? '', to?.name ?? ''), answer });
  });
  const all = { nowMs, blocked, members, rows, open };
  KNOWN.set(members, all);
  return all;
}

/** Where one member changed since answers were given, only the pairs with it are asked again. */
function rowsOf(world: World, members: World['members']): readonly (DialAnswer | undefined)[] {
  const { length } = members;
  const derived = takeDerived(members);
  const before = derived && KNOWN.get(derived.from);
  const holds = before?.nowMs === world.nowMs && world.blocked.length + before.blocked.length === 0;
  const changed = holds ? derived?.index : undefined;
  const rows =
    changed === undefined ? new Array<undefined>(length ** 2) : [...(before?.rows ?? [])];
  members.forEach((from, i) => {
    const answers = ANSWERS.get(from) ?? new Map<MemberWorld, Remembered>();
    ANSWERS.set(from, answers);
    members.forEach((to, j) => {
      if (changed !== undefined && i !== changed && j !== changed) return;
      const isPair = i !== j && from.process !== undefined && to.process !== undefined;
      rows[i * length + j] = isPair ? remembered(world, from, to, answers) : undefined;
    });
  });
  return rows;
}

/** A pair that probes have shown broken is a matter of the world, and is asked each time. */
function remembered(
  world: World,
  from: MemberWorld,
  to: MemberWorld,
  answers: Map<MemberWorld, Remembered>,
): DialAnswer {
  if (world.blocked.length > 0) return dial(world, from, to);
  const known = answers.get(to);
  if (known?.nowMs === world.nowMs) return known.answer;
  const answer = dial(world, from, to);
  answers.set(to, { nowMs: world.nowMs, answer });
  return answer;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((each, index) => each === b[index]));
}

/** The pairs of up members that cannot dial, or of which that is unknown, in the order of the members. */
export function openPairs(world: World): readonly OpenPair[] {
  return answersOf(world).open;
}

/** Every ordered pair of up members, `a>b`, with its answer. */
export function dialMatrix(world: World): ReadonlyMap<string, DialAnswer> {
  const answers = answersOf(world);
  const known = MATRICES.get(answers);
  if (known !== undefined) return known;
  const { members, rows } = answers;
  const matrix = new Map<string, DialAnswer>();
  members.forEach((from, i) => {
    members.forEach((to, j) => {
      const answer = rows[i * members.length + j];
      if (answer !== undefined) matrix.set(pairKey(from.name, to.name), answer);
    });
  });
  MATRICES.set(answers, matrix);
  return matrix;
}

/** Raft between two members works when at least one can dial the other (rafthttp peer.go `pick`). */
export function isLinked(matrix: ReadonlyMap<string, DialAnswer>, a: string, b: string): boolean {
  return matrix.get(pairKey(a, b))?.can === 'yes' || matrix.get(pairKey(b, a))?.can === 'yes';
}

/** The same of the members at two places of a world. */
export function isLinkedAt({ members, rows }: Answers, i: number, j: number): boolean {
  const [there, back] = [rows[i * members.length + j], rows[j * members.length + i]];
  return there?.can === 'yes' || back?.can === 'yes';
}

export function dialBetween(world: World, from: string, to: string): DialAnswer {
  return dial(world, memberOf(world, from), memberOf(world, to));
}
