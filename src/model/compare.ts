/** Turns two worlds, the expected and the seen, into what differs between them, in words. */

import type { MemberName } from './ids.ts';
import { CLIENT_FLAGS, OWNED_FLAGS } from './settings.ts';
import { namedPaths } from './steps/install-certificates.ts';
import { sameUrls } from './url.ts';
import type { FileContent } from './certificate.ts';
import { type MemberWorld, type World, memberOf } from './world.ts';

export type DifferenceKind =
  'leader' | 'down' | 'up' | 'record' | 'process' | 'settings' | 'file' | 'dead-man';

export interface Difference {
  readonly kind: DifferenceKind;
  readonly member: MemberName;
  readonly text: string;
}

export function worldDifferences(expected: World, seen: World): readonly Difference[] {
  const differences: Difference[] = [];
  for (const member of expected.members) {
    const there = memberOf(seen, member.name);
    differences.push(...memberDifferences(member, there, expected.movesClients === true));
    const [before, now] = [expected.record[member.name] ?? [], seen.record[member.name] ?? []];
    if (!sameUrls(before, now)) {
      const text = `the list has ${now.join(' and ')} for ${member.name}, expected ${before.join(' and ')}`;
      differences.push({ kind: 'record', member: member.name, text });
    }
  }
  const [armed, waits] = [expected.armed?.member, seen.armed?.member];
  if (armed !== undefined && armed !== waits) {
    const text = `the dead-man of ${armed} is no longer armed`;
    differences.push({ kind: 'dead-man', member: armed, text });
  }
  if (waits !== undefined && armed !== waits) {
    const text = `the dead-man of ${waits} is armed`;
    differences.push({ kind: 'dead-man', member: waits, text });
  }
  if (expected.leader !== undefined && seen.leader !== expected.leader) {
    const text = `${seen.leader ?? 'nobody'} leads, expected ${expected.leader}`;
    differences.push({ kind: 'leader', member: expected.leader, text });
  }
  return differences;
}

function memberDifferences(
  expected: MemberWorld,
  seen: MemberWorld,
  movesClients: boolean,
): readonly Difference[] {
  const { name } = expected;
  const found = (kind: DifferenceKind, text: string): Difference => ({ kind, member: name, text });
  if (expected.process !== undefined && seen.process === undefined)
    return [found('down', `${name} is down`)];
  if (expected.process === undefined && seen.process !== undefined)
    return [found('up', `${name} is up`)];
  const differences: Difference[] = [];
  if (!sameJson(expected.process?.peer, seen.process?.peer)) {
    differences.push(found('process', `${name} runs with other peer settings than expected`));
  } else if (!samePool(expected, seen)) {
    differences.push(found('process', `${name} has loaded another CA than expected`));
  }
  if (movesClients && !sameJson(expected.process?.client, seen.process?.client)) {
    differences.push(found('process', `${name} runs with other client settings than expected`));
  }
  for (const flag of movesClients ? [...OWNED_FLAGS, ...CLIENT_FLAGS] : OWNED_FLAGS) {
    const [before, now] = [expected.disk.settings[flag], seen.disk.settings[flag]];
    if (before === now) continue;
    const text = `${flag} of ${name} is ${now ?? 'not set'} on disk, expected ${before ?? 'not set'}`;
    differences.push(found('settings', text));
  }
  for (const path of namedPaths(expected)) {
    if (sameFile(expected.disk.files[path], seen.disk.files[path])) continue;
    const now = contentText(seen.disk.files[path]);
    differences.push(
      found('file', `${path} of ${name} is not the file that was put there: ${now}`),
    );
  }
  return differences;
}

function samePool(expected: MemberWorld, seen: MemberWorld): boolean {
  const [a, b] = [expected.process?.pool, seen.process?.pool];
  return (
    a?.known !== true || b?.known !== true || sameJson([...a.value].sort(), [...b.value].sort())
  );
}

function sameFile(a: FileContent | undefined, b: FileContent | undefined): boolean {
  return contentKey(a) === contentKey(b);
}

/** What stands there now, for the person who has to find out who put it there. */
function contentText(content: FileContent | undefined): string {
  switch (content?.kind) {
    case 'leaf': {
      const names = [...content.leaf.dnsNames, ...content.leaf.ipAddresses];
      return `now a leaf for ${names.length === 0 ? 'no name at all' : names.join(', ')}`;
    }
    case 'key':
      return 'now another key';
    case 'pool':
      return `now ${content.authorities.map((each) => each.subject).join(' and ')}`;
    case 'unusable':
      return `now ${content.reason}`;
    case 'absent':
    case undefined:
      return 'it is gone';
  }
}

function contentKey(content: FileContent | undefined): string {
  switch (content?.kind) {
    case 'leaf':
      return `leaf ${content.leaf.fingerprint}`;
    case 'key':
      return `key ${content.keyId}`;
    case 'pool':
      return `pool ${content.authorities
        .map((each) => each.fingerprint)
        .sort()
        .join()}`;
    case 'unusable':
      return `unusable ${content.reason}`;
    case 'absent':
    case undefined:
      return 'absent';
  }
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
