/** Turns an observed cluster into findings: is every peer link mutual TLS, and is nothing else accepted? */

import { present } from '../base/assert.ts';
import { FINDING_CHECKS, type Finding } from '../model/finding.ts';
import type { MemberName } from '../model/ids.ts';
import type { ObservedState } from '../model/observed.ts';
import type { World } from '../model/world.ts';
import type { MemberDoors, PeerDialer } from '../ports.ts';
import { mapBounded } from './bounded.ts';
import { type LinkFiles, readLinkFiles } from './link-files.ts';
import { portFindings } from './verify-member.ts';
import { pairFinding } from './verify-pair.ts';
import { stateFindings } from './verify-state.ts';

export interface VerifyInput {
  readonly state: ObservedState;
  /** Of the same state. */
  readonly world: World;
  readonly doors: ReadonlyMap<MemberName, MemberDoors>;
  readonly dialer: PeerDialer;
  /** Is the member's host this machine? */
  readonly isHere: (member: MemberName) => boolean;
  /** Keys on other machines stay there. */
  readonly keysStay?: boolean;
}

/** Each question opens one to a few connections: enough to be quick, far below what a listener notices. */
const QUESTIONS_AT_ONCE = 8;

/**
 * Makes dials that must be refused, and writes nothing. Pairs first, then refusals, then whatever else
 * stands against mutual TLS; the same cluster gives the same findings in the same order.
 */
export async function verifyLinks(input: VerifyInput): Promise<readonly Finding[]> {
  const { state, world } = input;
  const dialerAt = (name: MemberName): PeerDialer => input.doors.get(name)?.dialer ?? input.dialer;
  const files = await filesOf(input);
  const authorities = authorityText(files);
  const pairs = world.members.flatMap((from) => {
    return world.members.filter((to) => to !== from).map((to) => ({ from, to }));
  });
  const questions: readonly (() => Promise<readonly Finding[]>)[] = [
    ...pairs.map(({ from, to }) => async () => {
      const own = { files: files.get(from.name)?.all, elsewhere: elsewhere(input, from.name) };
      return [await pairFinding({ world, from, to, dialer: dialerAt(from.name), ...own })];
    }),
    ...world.members.map((member) => async () => {
      const dialer = dialerAt(member.name);
      const isHere = elsewhere(input, member.name) === undefined;
      return portFindings({ world, member, authorities, dialer, isHere });
    }),
  ];
  const answers = await mapBounded(questions, QUESTIONS_AT_ONCE, (ask) => ask());
  return [...answers.flat().sort(byCheck), ...[...stateFindings(state, world)].sort(byCheck)];
}

/** Of running members; a stopped one dials nobody. */
async function filesOf(input: VerifyInput): Promise<ReadonlyMap<MemberName, LinkFiles>> {
  const read = input.world.members.map(async ({ name, process }) => {
    if (process === undefined) return [];
    const observed = input.state.members.find((each) => each.name === name);
    const member = present(observed, `the observed member ${name}`);
    const keyStays = input.keysStay === true && !input.isHere(name);
    return [[name, await readLinkFiles(hostOf(input, name), member, process, keyStays)] as const];
  });
  return new Map((await Promise.all(read)).flat());
}

function authorityText(files: ReadonlyMap<MemberName, LinkFiles>): string {
  const texts = [...files.values()].flatMap(({ ca }) => (ca.ok ? [ca.value] : []));
  return [...new Set(texts)].sort().join('\n');
}

/** A member's own dialer dials from its host. */
function elsewhere(input: VerifyInput, name: MemberName): string | undefined {
  if (input.isHere(name) || input.doors.get(name)?.dialer !== undefined) return undefined;
  const { label } = hostOf(input, name);
  return `${name} runs on ${label}: its dials cannot be made from this machine`;
}

function hostOf(input: VerifyInput, name: MemberName): MemberDoors['host'] {
  return present(input.doors.get(name), `the doors of ${name}`).host;
}

/** The order in which the closing sentence counts: pairs, plain http, no certificate; then by name. */
const CHECK_ORDER: readonly string[] = Object.values(FINDING_CHECKS);

function byCheck(a: Finding, b: Finding): number {
  return (
    CHECK_ORDER.indexOf(a.check) - CHECK_ORDER.indexOf(b.check) ||
    byText(a.check, b.check) ||
    byText(a.from ?? '', b.from ?? '') ||
    byText(a.to ?? '', b.to ?? '') ||
    byText(a.because, b.because)
  );
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
