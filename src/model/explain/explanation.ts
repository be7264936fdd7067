/** Turns the sections of all logs, and what else is known of the members, into the whole explanation. */

import type { CaId, Leaf } from '../certificate.ts';
import { logTime } from './log-time.ts';
import { type Member, type NamedHost, latest, rosterOf } from './roster.ts';
import type { Section } from './section.ts';
import { endOf } from './standing.ts';
import { type Explained, storyOf } from './story.ts';

/** What a plan file and certificate files add to the logs; all of it may be missing. */
export interface Knowledge {
  readonly named: readonly NamedHost[];
  /** The plan tells every address that a member dials from. */
  readonly areAddressesKnown: boolean;
  readonly leaves: ReadonlyMap<string, Leaf>;
  readonly trusted: readonly CaId[] | undefined;
  readonly nowMs: number;
}

export interface ReadLog {
  readonly member: string;
  readonly version: string | null;
  readonly lines: number;
  readonly first: string | null;
  readonly last: string | null;
}

export interface Explanation {
  readonly logs: readonly ReadLog[];
  readonly findings: readonly Explained[];
  readonly notes: readonly string[];
}

/** Lines of these were read in etcd's source and never seen from a running member. */
const UNVERIFIED = /^3\.(?:2|6)\./u;

export function explanationOf(sections: readonly Section[], knowledge: Knowledge): Explanation {
  const read = sections.filter(({ lineCount }) => lineCount > 0);
  const roster = rosterOf(read, knowledge.named);
  const { leaves, trusted, nowMs, areAddressesKnown } = knowledge;
  const hosts = new Map(
    roster.members.map(({ label, hosts: known }) => [label, [...known]] as const),
  );
  const certificates = leaves.size === 0 ? {} : { certificates: { leaves, trusted, hosts, nowMs } };
  return {
    logs: roster.members.filter((member) => member.sections.length > 0).map(logOf),
    findings: storyOf(roster, { areAddressesKnown, ...certificates }),
    notes: notesOf(roster.members),
  };
}

function logOf(member: Member): ReadLog {
  const { label, sections } = member;
  const starts = sections.flatMap(({ firstTime }) => {
    const time = firstTime === undefined ? undefined : logTime(firstTime);
    return time === undefined ? [] : [time];
  });
  const first = starts.sort((a, b) => a.ms - b.ms)[0];
  return {
    member: label,
    version: versionOf(member) ?? null,
    lines: sections.reduce((sum, { lineCount }) => sum + lineCount, 0),
    first: first?.text ?? null,
    last: endOf(member)?.text ?? null,
  };
}

function versionOf({ sections }: Member): string | undefined {
  return sections.map(({ version }) => version).findLast((version) => version !== undefined);
}

function notesOf(members: readonly Member[]): readonly string[] {
  const silent = members.filter(({ sections, isDouble }) => sections.length === 0 && !isDouble);
  const untried = members.filter((member) => UNVERIFIED.test(versionOf(member) ?? ''));
  const crowded = members.filter(({ sections }) =>
    sections.some(({ uncountedRemotes }) => uncountedRemotes > 0),
  );
  const names = (list: readonly Member[]): string => list.map(({ label }) => label).join(', ');
  return [
    ...(silent.length === 0
      ? []
      : [`no log of ${names(silent)} was given: what only that end can tell is missing`]),
    ...(untried.length === 0
      ? []
      : [
          `the lines of etcd 3.2 and 3.6 (${names(untried)}) are known from its source and not from running members`,
        ]),
    ...(crowded.length === 0
      ? []
      : [`so many addresses dial ${names(crowded)} that not each was counted by itself`]),
    ...(latest(members.map((member) => endOf(member)?.text)) === undefined && members.length > 0
      ? ['these lines carry no time: what was first and what was last is not known']
      : []),
  ];
}
