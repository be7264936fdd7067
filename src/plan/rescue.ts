/**
 * Turns a cluster in which no majority is linked into the smallest change on hosts after which one is.
 * Without quorum the member list cannot change, so listeners, leaves and trust are made to fit the lists
 * as the members have them.
 */

import { dial, dialMatrix } from '../model/dial.ts';
import type { MemberName } from '../model/ids.ts';
import { quorumOf } from '../model/quorum.ts';
import { stopped } from '../model/steps/restart-member.ts';
import { linkedMajority } from '../model/steps/settle.ts';
import { type MemberWorld, type World, isUp, withMember } from '../model/world.ts';
import { type RescueMaterial, type RescueOption, optionsFor } from './rescue-options.ts';

export interface Rescue {
  /** One for each member that is changed, in the order of the world's members. */
  readonly changes: readonly RescueOption[];
  /** A majority in which every two will be linked: whoever of them has the newest log can be elected by the others. */
  readonly majority: readonly MemberName[];
  readonly restarts: number;
}

/** The cheapest one, and of equally cheap ones that of the members that come first; undefined when none is enough. */
export function smallestRescue(world: World, material: RescueMaterial): Rescue | undefined {
  const options = world.members.map(({ name }) => optionsFor(world, name, material));
  const search: Search = {
    options,
    linked: linkTable(world, options),
    needed: quorumOf(world.members.length),
    best: undefined,
  };
  extend(search, { at: 0, chosen: [], cost: 0 });
  if (search.best === undefined) return undefined;
  const chosen = search.best.chosen.map(({ option }) => option);
  const changes = chosen.filter(({ parts }) => parts.length > 0);
  return {
    changes,
    majority: chosen.map(({ member }) => member),
    restarts: changes.filter(({ parts }) => parts.some(({ kind }) => kind === 'start')).length,
  };
}

/**
 * Beside the smallest change, what lets every member that is up dial every other: a member that stays cut off, or
 * is linked through one other alone, could not be migrated afterwards, since no way back to it could be proven.
 * Leaves signed again in place come first and cost no restart; whoever is restarted is not needed for quorum then.
 */
export function besideOf(
  world: World,
  { changes }: Rescue,
  material: RescueMaterial,
): readonly RescueOption[] {
  let present = changes.reduce((each, { after }) => withMember(each, after), world);
  if (linkedMajority(present) === undefined) return [];
  const left = new Set(world.members.filter(isUp).map(({ name }) => name));
  for (const { member } of changes) left.delete(member);
  const beside: RescueOption[] = [];
  for (const isFit of [isLeafAlone, () => true]) {
    for (const name of left) {
      const best = mostDialable(present, optionsFor(present, name, material).filter(isFit));
      if (best === undefined) continue;
      left.delete(name);
      beside.push(best);
      present = withMember(present, best.after);
    }
  }
  return beside;
}

function isLeafAlone({ parts }: RescueOption): boolean {
  return parts.length === 1 && parts[0]?.kind === 'leaf';
}

/** The one after which most pairs can dial, of equal ones the cheapest; undefined when none adds a pair. */
function mostDialable(world: World, options: readonly RescueOption[]): RescueOption | undefined {
  let best: { readonly option: RescueOption; readonly count: number } | undefined;
  const now = dialableCount(world);
  for (const option of options) {
    const isRestarted = option.parts.some(({ kind }) => kind === 'start');
    if (isRestarted && linkedMajority(stopped(world, option.member)) === undefined) continue;
    const count = dialableCount(withMember(world, option.after));
    if (count > (best?.count ?? now)) best = { option, count };
  }
  return best?.option;
}

function dialableCount(world: World): number {
  return [...dialMatrix(world).values()].filter(({ can }) => can === 'yes').length;
}

interface Search {
  readonly options: readonly (readonly RescueOption[])[];
  readonly linked: LinkTable;
  readonly needed: number;
  best: { readonly chosen: readonly Chosen[]; readonly cost: number } | undefined;
}

interface Chosen {
  /** Of the member, and of the option among that member's. */
  readonly member: number;
  readonly index: number;
  readonly option: RescueOption;
}

interface Partial {
  readonly at: number;
  readonly chosen: readonly Chosen[];
  readonly cost: number;
}

/** Takes the member in with each option that is linked to all taken before it, or leaves it out; cuts what is dearer than the best. */
function extend(search: Search, { at, chosen, cost }: Partial): void {
  const { options, needed } = search;
  if (search.best !== undefined && cost >= search.best.cost) return;
  if (chosen.length === needed) {
    search.best = { chosen, cost };
    return;
  }
  if (chosen.length + options.length - at < needed) return;
  for (const [index, option] of (options[at] ?? []).entries()) {
    if (option.after.process === undefined) continue;
    const fits = chosen.every((other) => {
      return isLinkedIn(search.linked, other, { member: at, index });
    });
    if (!fits) continue;
    const next = [...chosen, { member: at, index, option }];
    extend(search, { at: at + 1, chosen: next, cost: cost + option.cost });
  }
  extend(search, { at: at + 1, chosen, cost });
}

/** What is done to one member changes no list, so each two options are judged once, apart from all others. */
type LinkTable = ReadonlyMap<string, boolean>;

type Place = Pick<Chosen, 'member' | 'index'>;

function isLinkedIn(table: LinkTable, a: Place, b: Place): boolean {
  return table.get(keyOf(a, b)) === true;
}

function keyOf(a: Place, b: Place): string {
  return [a.member, a.index, b.member, b.index].map(String).join(' ');
}

function linkTable(world: World, options: readonly (readonly RescueOption[])[]): LinkTable {
  const table = new Map<string, boolean>();
  options.forEach((ours, member) => {
    ours.forEach(({ after: one }, index) => {
      options.slice(member + 1).forEach((theirs, distance) => {
        theirs.forEach(({ after: other }, otherIndex) => {
          const place = { member: member + 1 + distance, index: otherIndex };
          table.set(keyOf({ member, index }, place), isLinkedPair(world, one, other));
        });
      });
    });
  });
  return table;
}

/** One direction is enough for raft; an unknown is no link. */
function isLinkedPair(world: World, a: MemberWorld, b: MemberWorld): boolean {
  return dial(world, a, b).can === 'yes' || dial(world, b, a).can === 'yes';
}
