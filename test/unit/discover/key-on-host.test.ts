/**
 * Goal: a key that stays on its host is judged there. Method: a host that runs the real programs of this machine
 * and records what came back; the id must be that of the key, and nothing private may have been shown.
 */

import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

import { readKeyOnHost } from '../../../src/discover/key-on-host.ts';
import { FakeHost } from '../../support/fake-doors.ts';
import { pki } from '../adapters/pki/openssl.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'peershift-key-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

class RealPrograms extends FakeHost {
  readonly shown: string[] = [];

  constructor(missing?: string) {
    super('a host');
    this.onExec = ([program = '', ...words]) => {
      if (program === missing) return { exitCode: 127, stderr: `${program}: not found` };
      const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' });
      this.shown.push(stdout, stderr);
      return { exitCode: status ?? 1, stdout, stderr };
    };
  }
}

function put(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

test.each([
  ['pkcs8', ec.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ['sec1', ec.export({ type: 'sec1', format: 'pem' }).toString()],
  ['pkcs1', rsa.export({ type: 'pkcs1', format: 'pem' }).toString()],
])('a key in %s has the id that reading it would give, and is not shown', async (name, pem) => {
  const host = new RealPrograms();
  const read = await readKeyOnHost(host, put(`${name}-key.pem`, pem));
  const id = pki.readKeyId(pem);
  expect(read.content).toEqual({ kind: 'key', keyId: id.ok ? id.value : '' });
  expect(read.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(host.shown.join('')).not.toContain('PRIVATE');
  expect(host.commands.flat()).not.toContain('cat');
});

test.each([
  ['encrypted', /encrypted/, undefined],
  ['damaged', /damaged/, undefined],
  ['without openssl', /no openssl/, 'openssl'],
] as const)('a key that is %s is refused with the reason', async (how, because, missing) => {
  const secret = { cipher: 'aes-256-cbc', passphrase: 'geheim' };
  const kinds = {
    encrypted: ec.export({ type: 'pkcs8', format: 'pem', ...secret }).toString(),
    damaged: ec.export({ type: 'pkcs8', format: 'pem' }).toString().slice(0, 100),
    'without openssl': ec.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  const read = await readKeyOnHost(new RealPrograms(missing), put('bad-key.pem', kinds[how]));
  expect(read.content).toMatchObject({ kind: 'unusable' });
  expect(read.content.kind === 'unusable' ? read.content.reason : '').toMatch(because);
});

test('a key that is not there is absent', async () => {
  const read = await readKeyOnHost(new RealPrograms(), path.join(folder, 'none.pem'));
  expect(read.content).toEqual({ kind: 'absent' });
});
