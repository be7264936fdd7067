/**
 * Goal: what would go wrong at a restart shows before it, with the one reason. Method: a healthy lab, leaves
 * and hosts each made bad in one way, and real handshakes by openssl between its addresses.
 */

import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CheckItem } from '../../src/model/check.ts';
import type { RehearsedPair } from '../../src/model/rehearsal.ts';
import type { CommandEnd } from '../support/command.ts';
import { type LeafKind, leafOfKind, newAuthority } from '../support/leaf-kinds.ts';
import { type Rig, endRigs, expectExit, startRig } from '../support/lab-rig.ts';

const SECOND_PORT = 2382;

function items(end: CommandEnd): readonly CheckItem[] {
  return end.events.flatMap((event) =>
    event.type === 'finding' ? [event.finding as CheckItem] : [],
  );
}

/** What is no pass, as `result rule where`. */
function bad(end: CommandEnd): readonly string[] {
  return items(end)
    .filter(({ result }) => result !== 'pass')
    .map(({ result, rule, where }) => `${result} ${rule} ${where}`);
}

function pairs(end: CommandEnd): Readonly<Record<string, string>> {
  const report = end.events.find((event) => event.type === 'report');
  const { pairs: all = [] } = (report as { report?: { pairs?: RehearsedPair[] } }).report ?? {};
  return Object.fromEntries(
    all.map(({ from, to, answer }) => [
      `${from}>${to}`,
      answer.kind === 'no' ? answer.reason : answer.kind,
    ]),
  );
}

/** Every ordered pair is ok but these. */
function allBut(broken: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const names = ['m1', 'm2', 'm3'];
  const all = names.flatMap((from) =>
    names.filter((to) => to !== from).map((to) => `${from}>${to}`),
  );
  return { ...Object.fromEntries(all.map((pair) => [pair, 'ok'])), ...broken };
}

async function leftFolders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('peershift-rehearsal.'));
}

describe('check', () => {
  let rig: Rig;
  let leaves: string;
  let provided: string;

  beforeAll(async () => {
    rig = await startRig();
    leaves = path.join(rig.base, 'leaves');
    await mkdir(leaves);
    const pki = `pki:\n  mode: provided\n  ca: { cert: ${leaves}/ca.pem }\n`;
    provided = await rig.planFile('provided.yaml', (text) => {
      let member = '';
      return text
        .replace(/pki:\n {2}mode: issue\n {2}directory: \.\/pki\n/, pki)
        .split('\n')
        .flatMap((line) => {
          member = /- name: (m\d)/.exec(line)?.[1] ?? member;
          const files = `    certificate: { cert: ${leaves}/${member}.pem, key: ${leaves}/${member}-key.pem }`;
          return line.includes('sourceAddresses:') ? [files] : [line];
        })
        .join('\n');
    });
  });

  afterAll(endRigs);

  const check = (plan: string, ...flags: readonly string[]): Promise<CommandEnd> =>
    rig.startWords(['check', plan, '--json', ...flags]).ended;

  /** Good leaves of one CA; m2's is of that kind. */
  async function plant(kind: LeafKind): Promise<void> {
    const authorities = { ours: await newAuthority('ours'), other: await newAuthority('other') };
    await writeFile(path.join(leaves, 'ca.pem'), authorities.ours.certificatePem);
    for (const { name, address } of rig.lab.members) {
      const pair = leafOfKind(name === 'm2' ? kind : 'good', address, authorities);
      await writeFile(path.join(leaves, `${name}.pem`), pair.certificatePem);
      await writeFile(path.join(leaves, `${name}-key.pem`), pair.keyPem, { mode: 0o600 });
    }
  }

  it('passes on a healthy lab with every handshake rehearsed, and changes nothing', async () => {
    const facts = await rig.facts();
    const end = await check(rig.lab.planFile, '--rehearse');
    expectExit(end, 0);
    expect(bad(end)).toEqual([]);
    expect(pairs(end)).toEqual(allBut({}));
    expect(JSON.stringify(items(end))).toContain('throw-away leaves');
    expect(end.events.at(-1)).toMatchObject({ type: 'outcome', exit: 0, code: 'CHECKED' });
    expect(await leftFolders()).toEqual([]);
    await rig.expectUnchanged(facts);
  });

  it.each<[LeafKind, string, Readonly<Record<string, string>>]>([
    ['good', '', {}],
    ['no-source', 'sources', { 'm2>m1': 'client-source', 'm2>m3': 'client-source' }],
    ['no-host', 'names', { 'm1>m2': 'server-name', 'm3>m2': 'server-name' }],
    ['server-only', 'key-usage', { 'm2>m1': 'client-usage', 'm2>m3': 'client-usage' }],
    [
      'other-ca',
      'chain',
      {
        'm1>m2': 'no-trust',
        'm3>m2': 'no-trust',
        'm2>m1': 'client-untrusted',
        'm2>m3': 'client-untrusted',
      },
    ],
    [
      'expired',
      'dates',
      { 'm1>m2': 'expired', 'm3>m2': 'expired', 'm2>m1': 'expired', 'm2>m3': 'expired' },
    ],
  ])(
    'with a leaf of the kind %s fails %s, and the rehearsal has the reason',
    async (kind, rule, broken) => {
      await plant(kind);
      const end = await check(provided, '--rehearse');
      expect(pairs(end)).toEqual(allBut(broken));
      const failed = bad(end).filter((line) => line.startsWith('fail'));
      if (rule === '') {
        expectExit(end, 0);
        expect(failed).toEqual([]);
        return;
      }
      expectExit(end, 3);
      expect(failed).toContain(`fail ${rule} m2`);
      expect(failed.filter((line) => line.startsWith('fail rehearsal'))).toHaveLength(
        Object.keys(broken).length,
      );
      // No rollout is proven with such a leaf either.
      expect(failed.join('\n')).toContain('fail rollout ');
    },
  );

  it('fails when the second port is taken, and dials it when it is free', async () => {
    const plan = await rig.planFile('dual-listener.yaml', (text) =>
      text.replace('strategy: documented', 'strategy: dual-listener'),
    );
    const warned = await check(plan);
    expectExit(warned, 0);
    expect([...bad(warned)].sort()).toEqual(['warn ports m1', 'warn ports m2', 'warn ports m3']);
    const free = await check(plan, '--rehearse');
    expectExit(free, 0);
    expect(bad(free)).toEqual([]);
    const server = await listening(rig.member('m2').address);
    try {
      const taken = await check(plan);
      expectExit(taken, 3);
      expect(bad(taken)).toContain('fail ports m2');
    } finally {
      server.close();
    }
  });

  it('fails when configuration management owns a file, unless the plan accepts that', async () => {
    const file = path.join(rig.member('m2').folder, 'etcd.env');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `# This file is managed by Puppet. Do not edit.\n${text}`);
    try {
      const end = await check(rig.lab.planFile);
      expectExit(end, 3);
      expect(bad(end)).toEqual(['fail config-managed m2']);
      const plan = await rig.planFile('accepted.yaml', (own) => `${own}accept: [config-managed]\n`);
      const accepted = await check(plan);
      expectExit(accepted, 0);
      expect(bad(accepted)).toEqual(['warn config-managed m2']);
    } finally {
      await writeFile(file, text);
    }
  });

  it('tells of a lease that is shorter than a degraded window', async () => {
    // Windows of minutes, so that the lease outlives the check on any machine.
    const slow = await rig.planFile('slow.yaml', (own) =>
      own.replace('quiet: 1s', 'quiet: 90s, timeout: 200s'),
    );
    const dual = await rig.planFile('dual-url.yaml', (own) =>
      own
        .replace('strategy: documented', 'strategy: dual-url')
        .replace('quiet: 1s', 'quiet: 90s, timeout: 200s'),
    );
    const answer = await rig.call('m1', '/lease/grant', { TTL: '180' });
    const end = await check(slow);
    expectExit(end, 0);
    expect(bad(end)).toEqual(['warn leases ']);
    expect(bad(await check(dual))).toEqual([]);
    await rig.call('m1', '/lease/revoke', { ID: (JSON.parse(answer) as { ID: string }).ID });
  });

  it('names what nobody has filled in', async () => {
    const plan = await rig.planFile('open.yaml', (text) =>
      text.replace(/start: \[sh, [^\]]*\/m2\/start\.sh\]/, 'start: [FILL-IN, start, m2]'),
    );
    const end = await check(plan);
    expectExit(end, 3);
    expect(bad(end)).toEqual(['fail plan-file ']);
    expect(JSON.stringify(items(end))).toContain('m2: service.start');
  });
});

function listening(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(SECOND_PORT, address, () => {
      resolve(server);
    });
  });
}
