/** Turns a version, a strategy, a size and a kind of clients into a cluster that is moved, put back, and moved again. */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';

import { labUp } from '../../src/lab/cluster.ts';
import { Gateway, type GatewayAccess } from '../../src/lab/gateway.ts';
import { labDown } from '../../src/lab/lab-down.ts';
import type { Lab, LabMember } from '../../src/lab/lab-folder.ts';
import { startMember, stopMember } from '../../src/lab/member-process.ts';
import { startWriter } from '../../src/lab/writer.ts';
import type { Strategy } from '../../src/model/desired.ts';
import { command, textOfEnd } from './command.ts';
import { value } from './etcd-calls.ts';
import { ROLLING } from './exhaustive.ts';
import { pairwise } from './pairwise.ts';
import { etcdOf } from './versions.ts';

/** Debian's suites, by what their etcd is. */
const SUITES = {
  '3.3.25': 'bullseye',
  '3.4.23': 'bookworm',
  '3.5.16': 'trixie',
  '3.5.30': 'forky',
} as const;

const VERSIONS = [...Object.keys(SUITES), '3.4.23 and 3.5.30'] as const;

export interface MatrixCell {
  readonly etcd: string;
  readonly strategy: Strategy;
  readonly members: number;
  readonly clients: 'http' | 'https';
  readonly auth: boolean;
}

const SIZES = [3, 5] as const;

/** Every cell; those in which each two choices meet come first. */
export function allMatrixCells(): readonly MatrixCell[] {
  const all = VERSIONS.flatMap((etcd) =>
    ROLLING.flatMap((strategy) =>
      SIZES.flatMap((members) =>
        (['http', 'https'] as const).flatMap((clients) =>
          [false, true].map((auth) => ({ etcd, strategy, members, clients, auth })),
        ),
      ),
    ),
  );
  return [...new Set([...pairwise<MatrixCell>(all), ...all])];
}

/** Of the cells in which each two choices meet, those that a test of a commit has time for. */
export function smallMatrixCells(): readonly MatrixCell[] {
  return pairwise(allMatrixCells()).filter(({ members }) => members === 3);
}

export interface CellSeconds {
  readonly run: number;
  readonly back: number;
  readonly again: number;
  /** Acknowledged, and each of them read back. */
  readonly writes: number;
}

const PASSWORD = 'bench and barrow';
const CALL_MS = 5000;
const SERVES_MS = 60_000;
const LOOK_MS = 200;
/** Several cells share the machine. */
const WRITES_PER_SECOND = 60;

export function textOfMatrixCell({ etcd, strategy, members, clients, auth }: MatrixCell): string {
  const login = auth ? 'with login' : 'without login';
  return `etcd ${etcd}, ${strategy}, ${String(members)} members, ${clients} clients ${login}`;
}

/** Throws with what is not as it must be; the folder of the cluster is named then, and stays. */
export async function tellMatrixCell(cell: MatrixCell): Promise<CellSeconds> {
  const base = await mkdtemp(path.join(tmpdir(), 'peershift-matrix-'));
  const dir = path.join(base, 'lab');
  let isWell = false;
  try {
    const [first = '', second] = cell.etcd.split(' and ');
    const etcd = await binaryOf(first);
    const lab = value(await labUp({ dir, members: cell.members, etcd }, () => undefined));
    if (second !== undefined) await upgradeLast(lab, etcd, await binaryOf(second));
    const access = await secured(lab, cell);
    const told = await story(lab, cell, access);
    isWell = true;
    return told;
  } catch (error) {
    if (error instanceof Error) error.message += `\nthe cluster's folder: ${dir}`;
    throw error;
  } finally {
    await labDown({ dir, purge: isWell }, () => undefined);
    if (isWell) await rm(base, { recursive: true, force: true });
  }
}

async function story(lab: Lab, cell: MatrixCell, access: Access): Promise<CellSeconds> {
  const { endpoints } = access;
  await writeFile(lab.planFile, planOf(await readFile(lab.planFile, 'utf8'), lab, cell, access));
  const options = {
    endpoints,
    access: access.gateway,
    writesPerSecond: WRITES_PER_SECOND,
    keyPrefix: 'matrix/',
  };
  const writer = startWriter(options);
  const verb = async (word: string, ...flags: readonly string[]): Promise<number> => {
    const environment = { PEERSHIFT_PASSWORD: PASSWORD };
    const end = await command([word, lab.planFile, ...flags], { environment });
    if (end.exit !== 0) throw new Error(`${word}: ${textOfEnd(end)}`);
    return Math.round(end.tookMs / 1000);
  };
  const run = await verb('run', '--yes');
  await verb('verify');
  const back = await verb('rollback', '--yes');
  const again = await verb('run', '--yes');
  await verb('verify');
  const { acknowledged } = await writer.stop();
  const { read, lost, mismatched } = value(await writer.readBack());
  expect({ read, lost, mismatched }).toEqual({ read: acknowledged, lost: [], mismatched: [] });
  return { run, back, again, writes: acknowledged };
}

async function binaryOf(version: string): Promise<string> {
  const suite = SUITES[version as keyof typeof SUITES];
  const { etcd } = await etcdOf(suite);
  if (etcd === undefined) throw new Error(`there is no build of ${version}`);
  return etcd;
}

/** The last member goes on as the later version; the cluster's own version stays the lower one. */
async function upgradeLast({ members }: Lab, before: string, after: string): Promise<void> {
  const last = members.at(-1);
  if (last === undefined) throw new Error('the lab has no members');
  value(await stopMember(last));
  for (const script of ['start.sh', 'stop.sh', 'status.sh']) {
    const file = path.join(last.folder, script);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(before, after));
  }
  value(await startMember(last));
  await served(last.endpoint, {});
}

interface Access {
  readonly endpoints: readonly string[];
  readonly gateway: GatewayAccess;
  /** PEM file; undefined with http. */
  readonly ca: string | undefined;
}

/** Clients speak https, or log in, or both; the members among themselves still speak http. */
async function secured(lab: Lab, { clients, auth }: MatrixCell): Promise<Access> {
  const isTls = clients === 'https';
  const ca = isTls ? await serverLeaves(lab) : undefined;
  const endpoints = lab.members.map(({ endpoint }) =>
    isTls ? endpoint.replace('http:', 'https:') : endpoint,
  );
  const tls = ca === undefined ? {} : { tls: await clientTls(lab, ca) };
  if (isTls) {
    for (const member of lab.members) value(await stopMember(member));
    for (const member of lab.members) await serveTls(member);
    // Ready means: reached a quorum; so all of them at once.
    await Promise.all(lab.members.map(async (member) => value(await startMember(member))));
  }
  for (const endpoint of endpoints) await served(endpoint, tls);
  if (auth) await demandLogin(endpoints[0] ?? '', tls);
  const login = auth ? { login: { username: 'root', password: PASSWORD } } : {};
  return { endpoints, gateway: { ...tls, ...login }, ca };
}

/** Where its own settings can name them; the path of the CA. */
async function serverLeaves(lab: Lab): Promise<string> {
  const folder = path.join(lab.dir, 'client-pki');
  await mkdir(folder);
  const ca = path.join(folder, 'ca');
  await issue('--ca', '--name', 'clients', '--out', ca);
  const by = ['--ca-cert', `${ca}.pem`, '--ca-key', `${ca}-key.pem`];
  for (const { name, address, folder: own } of lab.members) {
    const names = ['--name', name, '--hostname', `${address},127.0.0.1`];
    await issue(...by, ...names, '--out', path.join(own, 'server'));
  }
  await issue(...by, '--name', 'client', '--out', path.join(folder, 'client'));
  return `${ca}.pem`;
}

async function issue(...words: readonly string[]): Promise<void> {
  const end = await command(['certs', 'issue', ...words]);
  if (end.exit !== 0) throw new Error(textOfEnd(end));
}

async function clientTls(lab: Lab, ca: string): Promise<NonNullable<GatewayAccess['tls']>> {
  const client = path.join(lab.dir, 'client-pki/client');
  return {
    ca: await readFile(ca, 'utf8'),
    cert: await readFile(`${client}.pem`, 'utf8'),
    key: await readFile(`${client}-key.pem`, 'utf8'),
  };
}

async function serveTls({ folder }: LabMember): Promise<void> {
  const file = path.join(folder, 'etcd.env');
  const text = await readFile(file, 'utf8');
  const urls = text.replace(/(CLIENT_URLS=.*)http:/gu, '$1https:');
  const files = `ETCD_CERT_FILE=${folder}/server.pem\nETCD_KEY_FILE=${folder}/server-key.pem\n`;
  await writeFile(file, `${urls}${files}`);
}

async function served(endpoint: string, access: GatewayAccess): Promise<void> {
  const gateway = new Gateway(endpoint, access);
  const giveUpAtMs = performance.now() + SERVES_MS;
  try {
    for (;;) {
      const health = await gateway.get('/health', CALL_MS);
      if (health.kind === 'answered' && health.text.includes('"true"')) return;
      if (performance.now() > giveUpAtMs) throw new Error(`${endpoint} does not serve`);
      await new Promise((wake) => setTimeout(wake, LOOK_MS));
    }
  } finally {
    gateway.close();
  }
}

async function demandLogin(endpoint: string, access: GatewayAccess): Promise<void> {
  const gateway = new Gateway(endpoint, access);
  try {
    for (const [call, body] of [
      ['/auth/role/add', { name: 'root' }],
      ['/auth/user/add', { name: 'root', password: PASSWORD }],
      ['/auth/user/grant', { user: 'root', role: 'root' }],
      ['/auth/enable', {}],
    ] as const) {
      const answer = await gateway.call(call, body, CALL_MS);
      if (answer.kind !== 'answered' || answer.status !== 200)
        throw new Error(`${call}: ${JSON.stringify(answer)}`);
    }
  } finally {
    gateway.close();
  }
}

/** Each key of the cluster block on its own line, as the lab writes it. */
function planOf(
  text: string,
  { dir }: Lab,
  { strategy, auth }: MatrixCell,
  access: Access,
): string {
  const pki = path.join(dir, 'client-pki');
  const tls = `  tls: { ca: ${pki}/ca.pem, cert: ${pki}/client.pem, key: ${pki}/client-key.pem }\n`;
  const login = `  auth: { username: root, password: { env: PEERSHIFT_PASSWORD } }\n`;
  const block = [
    'cluster:\n  endpoints:\n',
    ...access.endpoints.map((endpoint) => `    - ${endpoint}\n`),
    access.ca === undefined ? '' : tls,
    auth ? login : '',
  ].join('');
  return `${text
    .replace(/^strategy: .*$/mu, `strategy: ${strategy}`)
    .replace(/^cluster:\n {2}endpoints:\n(?: {4}- .*\n)+/mu, block)}gates: { quiet: 1s }\n`;
}
