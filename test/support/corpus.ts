/** Turns the recorded logs of fixtures/logs into sightings, and gives the worlds in which they were recorded. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { FileContent, Leaf } from '../../src/model/certificate.ts';
import { memberName } from '../../src/model/ids.ts';
import type { Sighting } from '../../src/model/log-each.ts';
import { type LogLine, parseLogLine } from '../../src/model/log-line.ts';
import { known } from '../../src/model/observed.ts';
import { classify } from '../../src/model/signatures.ts';
import { withScheme } from '../../src/model/url.ts';
import { type World, memberOf, withMember } from '../../src/model/world.ts';
import { CHECKOUT } from './checkout.ts';
import { TLS_PATHS, authority, httpWorld, httpsUrl, idOf, withTls, withTrust } from './worlds.ts';

export const CORPUS_VERSIONS = ['3.3.25', '3.4.23', '3.5.16', '3.5.30'] as const;
export const CORPUS_MEMBERS = ['m1', 'm2', 'm3'] as const;
export const CORPUS_SCENARIOS = [
  ...['benign-restart', 'documented-order', 'listen-before-advertise', 'advertise-before-listen'],
  ...['others-without-certs', 'trust-only-no-client-cert', 'san-mismatch', 'server-san-mismatch'],
  ...['eku-server-only', 'wrong-ca', 'expired-cert'],
  ...['missing-key', 'https-without-certs', 'env-flag-conflict'],
] as const;
export type CorpusScenario = (typeof CORPUS_SCENARIOS)[number];

/** etcd 3.3 warns of a setting that stands in two places, and goes on with the flag. */
export function takesTheFlag(version: string, scenario: string): boolean {
  return version.startsWith('3.3') && scenario === 'env-flag-conflict';
}

const IDS: Readonly<Record<string, string>> = {
  m1: '61d18a2c71d7e26d',
  m2: 'dba62615056cf0cd',
  m3: '6d2e6b11feeac974',
};

export function corpusLines(version: string, scenario: string, member: string): readonly string[] {
  const path = join(CHECKOUT, 'fixtures/logs', version, scenario, `${member}.log`);
  return readFileSync(path, 'utf8').split('\n');
}

/** Every finding of all three members as if read the moment it was written, in the order of their times. */
export function corpusSightings(version: string, scenario: string): readonly Sighting[] {
  const found = CORPUS_MEMBERS.flatMap((member) => {
    return corpusLines(version, scenario, member).flatMap((text) => {
      const line = parseLogLine(text);
      const finding = line === undefined ? undefined : classify(line);
      if (line === undefined || finding === undefined) return [];
      return [{ member: memberName(member), finding, count: 1, readAtMs: timeMs(line) }];
    });
  });
  const sorted = found.sort((a, b) => a.readAtMs - b.readAtMs);
  return sorted.map((sighting, order) => ({ ...sighting, order }));
}

function timeMs(line: LogLine): number {
  const time = Date.parse((line.timeText ?? '').replace(' ', 'T').replace(/Z?$/u, 'Z'));
  if (Number.isNaN(time)) throw new Error(`no time in ${line.message}`);
  return time;
}

// ---------------------------------------------------------------- the worlds of the recordings

/** On 127.0.0.11 to .13, all dials from 127.0.0.1, which every leaf names. */
export function onLoopback(world: World): World {
  let text = JSON.stringify(world).replaceAll('10.0.0.', '127.0.0.1');
  for (const [name, id] of Object.entries(IDS))
    text = text.replaceAll(`"${idOf(name)}"`, `"${id}"`);
  const moved = JSON.parse(text) as World;
  const members = moved.members.map((member) => {
    const peers = Object.keys(member.sources);
    const files = Object.entries(member.disk.files).map(([path, content]) => [
      path,
      named(content),
    ]);
    return {
      ...member,
      sources: Object.fromEntries(peers.map((peer) => [peer, known(['127.0.0.1'])])),
      disk: { ...member.disk, files: Object.fromEntries(files) as typeof member.disk.files },
    };
  });
  return { ...moved, members };
}

function named(content: FileContent): FileContent {
  if (content.kind !== 'leaf') return content;
  const ipAddresses = [...content.leaf.ipAddresses, '127.0.0.1'];
  return { kind: 'leaf', leaf: { ...content.leaf, ipAddresses } };
}

export const WORLD = {
  http: () => onLoopback(httpWorld()),
  /** The list has m3 with https. */
  advertised: () => onLoopback(withRecord(httpWorld(), 'https')),
  /** m3 speaks TLS, the list has it with http. */
  listening: () => onLoopback(withRecord(withTls(httpWorld(), 'm3'), 'http')),
  /** m3 is switched, and these have loaded trust and leaf. */
  switched: (...trusting: readonly string[]) => {
    return onLoopback(trusting.reduce(withTrust, withTls(httpWorld(), 'm3')));
  },
} as const;

/** The same world with another leaf on that member's disk. */
export function withLeaf(world: World, name: string, changes: Partial<Leaf>): World {
  const member = memberOf(world, name);
  const content = member.disk.files[TLS_PATHS.leaf];
  if (content?.kind !== 'leaf') throw new Error(`${name} has no leaf`);
  const leaf = { ...content.leaf, ...changes };
  const files = { ...member.disk.files, [TLS_PATHS.leaf]: { kind: 'leaf', leaf } as const };
  return withMember(world, { ...member, disk: { ...member.disk, files } });
}

/** The member has loaded the CA and nothing else. */
export function withPoolOnly(world: World, name: string): World {
  const member = memberOf(world, name);
  if (member.process === undefined) throw new Error(`${name} is down`);
  const pool = known([authority().fingerprint]);
  return withMember(world, { ...member, process: { ...member.process, pool } });
}

function withRecord(world: World, scheme: 'http' | 'https'): World {
  const urls = [withScheme(httpsUrl('m3'), scheme)];
  const members = world.members.map((member) => {
    return { ...member, view: { ...member.view, m3: urls } };
  });
  return { ...world, members, record: { ...world.record, m3: urls } };
}
