/** Turns the sections of all logs into the members they are about: one for each ID, with every stretch of its log. */

import type { MemberId } from '../ids.ts';
import { type KnownMember, authorityOf, hostOf } from './identity.ts';
import { type LogTime, logTime } from './log-time.ts';
import type { Section } from './section.ts';

/** What somebody else knows of a member: a plan file. */
export interface NamedHost {
  readonly name: string;
  /** Hosts of its peer URLs, and addresses that its dials come from. */
  readonly addresses: readonly string[];
}

export interface Member {
  /** Its name; where no log tells one, what its log is called; else its ID. */
  readonly label: string;
  readonly id: MemberId | undefined;
  readonly hosts: ReadonlySet<string>;
  /** Empty: others speak of it, and its own log was not given. */
  readonly sections: readonly Section[];
  /** It is one of the logs whose ID is not told, and which one is not known either. */
  readonly isDouble: boolean;
}

export interface Roster {
  readonly members: readonly Member[];
  byId(id: MemberId): Member | undefined;
}

export function rosterOf(sections: readonly Section[], named: readonly NamedHost[] = []): Roster {
  const known = sections.flatMap((section) => [...section.known.values()]);
  const ids = new Set<MemberId>([
    ...sections.flatMap(({ selfId, peers }) => [
      ...(selfId === undefined ? [] : [selfId]),
      ...peers,
    ]),
    ...known.flatMap(({ id }) => (id === undefined ? [] : [id])),
  ]);
  const labels = labelsOf(sections);
  const idOf = idsOf(sections, ids);
  const nameless = sections.filter((section) => idOf.get(section) === undefined);
  const logless = ids.size - new Set(idOf.values()).size + (nameless.length > 0 ? 1 : 0);
  const areDoubles = logless === new Set(nameless.map(({ label }) => label)).size;
  const members: Member[] = [...ids].map((id) => {
    const own = sections.filter((section) => idOf.get(section) === id);
    const urls = known.filter((member) => member.id === id).flatMap((member) => member.urls);
    const hosts = [...new Set(urls.map(hostOf).filter((host) => host !== undefined))];
    const name = nameOf(own, urls, known, named);
    const addresses = named.find((each) => each.name === name)?.addresses ?? [];
    const label = name ?? own.map((section) => labels.get(section)).find(isText) ?? id;
    const isDouble = areDoubles && own.length === 0;
    return { label, id, hosts: new Set([...hosts, ...addresses]), sections: own, isDouble };
  });
  for (const section of nameless) addNameless(members, section, labels.get(section));
  addUnheard(members, named);
  const byId = new Map(members.map((member) => [member.id, member]));
  return { members: members.sort(byLabelOrder), byId: (id) => byId.get(id) };
}

/** What an input is called names a member only when one log is in it. */
function labelsOf(sections: readonly Section[]): ReadonlyMap<Section, string | undefined> {
  return new Map(
    sections.map((section) => {
      const same = sections.filter(({ label }) => label === section.label);
      const ids = new Set(same.map(({ selfId, selfName }) => selfId ?? selfName));
      const isOne = same.length === 1 || (ids.size === 1 && !ids.has(undefined));
      return [section, isOne ? section.label : undefined];
    }),
  );
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** A log whose process never got as far as its ID still has a name that another stretch may have with one. */
function addNameless(members: Member[], section: Section, label: string | undefined): void {
  const { selfName } = section;
  const at = members.findIndex((member) => member.label === selfName);
  const same = members[at];
  if (same !== undefined) {
    members[at] = { ...same, sections: [...same.sections, section] };
    return;
  }
  const number = members.filter(({ id }) => id === undefined).length + 1;
  const name = selfName ?? label ?? `log ${String(number)} of ${section.label}`;
  const nobody = { id: undefined, hosts: new Set<string>(), isDouble: false };
  members.push({ ...nobody, label: name, sections: [section] });
}

/** Who is named from outside and by no log; not where one that is known by its ID alone may be the same. */
function addUnheard(members: Member[], named: readonly NamedHost[]): void {
  const isNamed = ({ label }: Member): boolean => named.some(({ name }) => name === label);
  if (!members.every(isNamed)) return;
  for (const { name, addresses } of named) {
    if (members.some(({ label }) => label === name)) continue;
    const hosts = new Set(addresses);
    members.push({ label: name, id: undefined, hosts, sections: [], isDouble: false });
  }
}

function byLabelOrder(a: Member, b: Member): number {
  return a.label < b.label ? -1 : Number(a.label > b.label);
}

/** Told by itself; else the one member that nobody else is and that it never names as the other side. */
function idsOf(
  sections: readonly Section[],
  ids: ReadonlySet<MemberId>,
): ReadonlyMap<Section, MemberId | undefined> {
  const found = new Map(sections.map((section) => [section, section.selfId]));
  for (const section of sections) {
    if (section.selfId !== undefined || section.peers.size < 2) continue;
    const rest = [...ids].filter((id) => !section.peers.has(id));
    if (rest.length === 1) found.set(section, rest[0]);
  }
  const open = sections.filter((section) => found.get(section) === undefined);
  const taken = new Set(found.values());
  const free = [...ids].filter((id) => !taken.has(id));
  const [section] = open;
  const isOnly = section !== undefined && open.length === 1 && free.length === 1;
  if (isOnly && section.peers.size > 0) found.set(section, free[0]);
  return found;
}

/** Its own word; else the one name whose URL leads to the same place, or at least to the same host. */
function nameOf(
  own: readonly Section[],
  urls: readonly string[],
  known: readonly KnownMember[],
  named: readonly NamedHost[],
): string | undefined {
  const told = own.map(({ selfName }) => selfName).find((name) => name !== undefined);
  if (told !== undefined) return told;
  const places = new Set(urls.map(authorityOf));
  const hosts = new Set(urls.map(hostOf));
  const listed = known.filter(({ name }) => name !== undefined);
  return (
    only(listed.filter((each) => each.urls.some((url) => places.has(authorityOf(url))))) ??
    only(listed.filter((each) => each.urls.some((url) => hosts.has(hostOf(url))))) ??
    only(named.filter(({ addresses }) => addresses.some((address) => hosts.has(address))))
  );
}

function only(found: readonly { readonly name?: string }[]): string | undefined {
  const names = new Set(found.map(({ name }) => name));
  return names.size === 1 ? [...names][0] : undefined;
}

/** The latest of times, in whichever notation each is. */
export function latest(times: readonly (string | undefined)[]): LogTime | undefined {
  let best: LogTime | undefined;
  for (const text of times) {
    const time = text === undefined ? undefined : logTime(text);
    if (time !== undefined && (best === undefined || time.ms > best.ms)) best = time;
  }
  return best;
}
