/** Turns the versions that members run into the known bugs of those versions that bear on a move to https. */

import { type CheckItem, type Objection, itemsOf, objection, oneItem } from '../check.ts';
import { type ObservedState, valueOf } from '../observed.ts';
import { isAtLeast } from '../version.ts';

interface KnownBug {
  /** From the first version of each line that has it to the first that has not. */
  readonly ranges: readonly (readonly [from: string, until: string])[];
  readonly needsAuth?: true;
  readonly says: string;
  readonly remedy: string;
}

const CHECKS_BY_OURSELVES = 'nothing for this change: peershift compares the hashes by itself';
const UPGRADE_APART = 'upgrade in a change of its own, before or after this one';

/** Sources: etcd's CHANGELOG files, its 3.5 data-inconsistency post-mortem, and its source by tag. */
const KNOWN_BUGS: readonly KnownBug[] = [
  {
    ranges: [['3.5.0', '3.5.3']],
    says: 'a member that is killed under load can lose entries that the others keep (post-mortem of 3.5)',
    remedy: `${UPGRADE_APART}, to 3.5.3 or later: best before, since members are restarted here`,
  },
  {
    ranges: [['3.5.0', '3.5.6']],
    says: 'a crash during a defragmentation can make its data differ from the others',
    remedy: `let no defragmentation run meanwhile; ${UPGRADE_APART}`,
  },
  {
    ranges: [
      ['3.4.20', '3.4.22'],
      ['3.5.5', '3.5.6'],
    ],
    needsAuth: true,
    says: 'with auth on, a member that loads its data anew can refuse entries that the others apply',
    remedy: `${UPGRADE_APART}: best before, since members are restarted here`,
  },
  {
    ranges: [
      ['3.3.0', '3.4.0'],
      ['3.4.0', '3.4.4'],
    ],
    says: "etcd's own corruption check asks peers without TLS: on https peer URLs it checks nobody",
    remedy: CHECKS_BY_OURSELVES,
  },
  {
    ranges: [['3.3.0', '3.3.4']],
    says: 'a server certificate whose SANs are addresses alone is not read anew without a restart',
    remedy: 'nothing for this change; a later renewal needs restarts',
  },
  {
    ranges: [['3.2.0', '3.2.6']],
    says: 'several peer URLs for one member lead to endless elections',
    remedy: UPGRADE_APART,
  },
];

export function versionItems(state: ObservedState, hasAuth: boolean): readonly CheckItem[] {
  const versions = state.members.flatMap(({ name, status }) => {
    const version = valueOf(status)?.version;
    return version === undefined ? [] : [{ name, version }];
  });
  if (versions.length === 0) return [];
  const bugs = versions.map(({ name, version }): [string, readonly Objection[]] => [
    name,
    KNOWN_BUGS.filter((bug) => isOf(bug, version) && (bug.needsAuth !== true || hasAuth)).map(
      ({ says, remedy }) => objection('warn', `${version}: ${says}`, remedy),
    ),
  ]);
  return [
    ...itemsOf('version-bugs', merged(bugs), 'no known bug bears on this change'),
    ...mixed(versions),
  ];
}

function isOf({ ranges }: KnownBug, version: string): boolean {
  return ranges.some(([from, until]) => isAtLeast(version, from) && !isAtLeast(version, until));
}

/** Members with the same objections stand in one line. */
function merged(
  bugs: readonly (readonly [string, readonly Objection[]])[],
): ReadonlyMap<string, readonly Objection[]> {
  const groups = new Map<string, { names: string[]; found: readonly Objection[] }>();
  for (const [name, found] of bugs) {
    const key = found.map(({ because }) => because).join('\n');
    const group = groups.get(key) ?? { names: [], found };
    group.names.push(name);
    groups.set(key, group);
  }
  return new Map([...groups.values()].map(({ names, found }) => [names.join(', '), found]));
}

/** HashKV counts tombstones another way from 3.4.33 and 3.5.15 on: hashes of both sides may differ. */
const HASH_CHANGED: readonly (readonly [line: string, from: string])[] = [
  ['3.4.', '3.4.33'],
  ['3.5.', '3.5.15'],
];

function mixed(versions: readonly { name: string; version: string }[]): readonly CheckItem[] {
  const kinds = [...new Set(versions.map(({ version }) => version))].sort();
  const text = kinds.join(' and ');
  if (kinds.length === 1) return oneItem('versions', [], `etcd ${text} on every member`);
  const hashes = new Set(kinds.map(countsTombstonesAnew));
  const because = `members run ${text}${hashes.size > 1 ? ', which hash the same data in two ways: the data gate may fail' : ''}`;
  return oneItem('versions', [objection('warn', because, 'finish the upgrade first')], '');
}

function countsTombstonesAnew(version: string): boolean {
  const line = HASH_CHANGED.find(([prefix]) => version.startsWith(prefix));
  return line === undefined ? isAtLeast(version, '3.6.0') : isAtLeast(version, line[1]);
}
