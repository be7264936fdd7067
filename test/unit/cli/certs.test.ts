/**
 * Goal: what certs writes is private, whole, and never in the place of something else. Method: the commands
 * themselves in a folder of their own; the real openssl judges what they wrote.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { type IssueFlags, csr, importReturned, issue } from '../../../src/cli/commands/certs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'peershift-certs-'));
const at = (name: string): string => path.join(folder, name);
const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  const keep = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function openssl(...words: string[]): string {
  return execFileSync('openssl', words, {
    ...{ cwd: folder, encoding: 'utf8', stdio: 'pipe', timeout: 30_000 },
  });
}

const CA = { caCert: at('pki/ca.pem'), caKey: at('pki/ca-key.pem') };
const ca = (): Promise<number> =>
  issue({ ca: true, name: 'Würzel', out: at('pki/ca'), renew: true });
const leaf = (wish: Partial<IssueFlags> = {}): Promise<number> =>
  issue({ name: 'm1', hostname: '10.0.0.1,fd00::1,m1.example', ...CA, out: at('m1'), ...wish });

describe('certs issue', () => {
  test('makes a folder and a key that only their owner can enter and read', async () => {
    expect(await ca()).toBe(0);
    expect(statSync(at('pki')).mode & 0o777).toBe(0o700);
    expect(statSync(at('pki/ca-key.pem')).mode & 0o777).toBe(0o600);
    expect(printed.join('')).not.toContain('PRIVATE KEY');
  });

  test.each([
    ['peer', ['sslserver', 'sslclient'], []],
    ['server', ['sslserver'], ['sslclient']],
    ['client', ['sslclient'], ['sslserver']],
  ] as const)('gives the profile %s its uses and no others', async (profile, good, bad) => {
    await ca();
    expect(await leaf({ profile, out: at(profile) })).toBe(0);
    const verify = (purpose: string): string =>
      openssl(
        'verify',
        '-x509_strict',
        '-purpose',
        purpose,
        '-CAfile',
        CA.caCert,
        `${profile}.pem`,
      );
    for (const purpose of good) expect(verify(purpose)).toContain('OK');
    for (const purpose of bad) expect(() => verify(purpose)).toThrow(/purpose/);
    const names = openssl('x509', '-in', `${profile}.pem`, '-noout', '-ext', 'subjectAltName');
    expect(names).toMatch(/DNS:m1.example, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1/);
  });

  test('overwrites nothing, and with --renew keeps what was there', async () => {
    await ca();
    expect(await leaf({ out: at('twice') })).toBe(0);
    const first = readFileSync(at('twice-key.pem'), 'utf8');
    expect(await leaf({ out: at('twice') })).toBe(3);
    expect(printed.join('')).toContain('nothing was overwritten');
    expect(readFileSync(at('twice-key.pem'), 'utf8')).toBe(first);
    expect(await leaf({ out: at('twice'), renew: true })).toBe(0);
    expect(readFileSync(at('twice-key.pem'), 'utf8')).not.toBe(first);
    const kept = readdirSync(folder).filter((name) => name.startsWith('twice-key.pem.'));
    expect(kept).toHaveLength(1);
    expect(readFileSync(at(kept[0] ?? ''), 'utf8')).toBe(first);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('a leaf below an intermediate comes with it, and the root stays out', async () => {
    await issue({ ca: true, name: 'root', pathLength: 1, out: at('root') });
    const root = { caCert: at('root.pem'), caKey: at('root-key.pem') };
    expect(await issue({ ca: true, name: 'between', ...root, out: at('between') })).toBe(0);
    const between = { caCert: at('between.pem'), caKey: at('between-key.pem') };
    expect(await leaf({ ...between, out: at('below') })).toBe(0);
    expect(readFileSync(at('below.pem'), 'utf8').match(/BEGIN/g)).toHaveLength(2);
    const words = ['-CAfile', 'root.pem', '-untrusted', 'below.pem', 'below.pem'];
    expect(openssl('verify', '-x509_strict', ...words)).toContain('OK');
    // The intermediate may have no CA below it.
    expect(await issue({ ca: true, name: 'deeper', ...between, out: at('deeper') })).toBe(3);
    expect(printed.join('')).toContain('path length 0');
  });

  test('a CA with name constraints cannot issue beyond them', async () => {
    const permit = ['.example', '10.0.0.0/8', 'fd00::/16'];
    await issue({ ca: true, name: 'narrow', permit, out: at('narrow') });
    const narrow = { caCert: at('narrow.pem'), caKey: at('narrow-key.pem') };
    expect(await leaf({ ...narrow, out: at('inside') })).toBe(0);
    expect(openssl('verify', '-x509_strict', '-CAfile', 'narrow.pem', 'inside.pem')).toContain(
      'OK',
    );
    expect(await leaf({ ...narrow, hostname: '11.0.0.1', out: at('outside') })).toBe(3);
    expect(printed.join('')).toContain('do not allow 11.0.0.1');
    expect(readdirSync(folder)).not.toContain('outside-key.pem');
  });

  test('a PKCS#12 file opens with the password, which is in no output', async () => {
    await ca();
    vi.stubEnv('P12_PASSWORD', 'pässword-7');
    for (const algorithm of ['ecdsa-p256', 'rsa-2048']) {
      const flags = { algorithm, pkcs12PasswordEnv: 'P12_PASSWORD', out: at(algorithm) };
      expect(await leaf(flags)).toBe(0);
      expect(statSync(at(`${algorithm}.p12`)).mode & 0o777).toBe(0o600);
      const words = ['-in', `${algorithm}.p12`, '-passin', 'env:P12_PASSWORD', '-nodes'];
      const inside = openssl('pkcs12', ...words);
      expect(inside).toContain('BEGIN PRIVATE KEY');
      expect(inside).toContain('CN = m1');
    }
    expect(printed.join('')).not.toContain('pässword-7');
  });

  test.each([
    [{ hostname: '10.0.0.256' }, /not an IP address/],
    [{ hostname: 'a b' }, /not a DNS name/],
    [{ days: 0 }, /over at once/],
    [{ profile: 'nobody' }, /none of peer, server, client/],
    [{ algorithm: 'rsa-1024' }, /none of/],
    [{ name: undefined }, /neither --csr nor --name/],
    [{ caKey: undefined }, /both --ca-cert and --ca-key/],
    [{ permit: ['x'] }, /for a CA/],
  ] as const)('refuses %j with the reason', async (wish, because) => {
    await ca();
    expect(await leaf({ out: at('never'), ...(wish as Partial<IssueFlags>) })).toBeGreaterThan(1);
    expect(printed.join('')).toMatch(because);
    expect(readdirSync(folder).filter((name) => name.startsWith('never'))).toEqual([]);
  });
});

describe('certs csr and import', () => {
  test.each(['PEM', 'DER', 'PKCS#7'])('take what a CA returns as %s', async (form) => {
    await ca();
    const name = `asked-${form.replace('#', '')}`;
    const asked = { name: 'm3', hostname: '10.0.0.3', out: at(name) };
    expect(await csr(asked)).toBe(0);
    openssl('req', '-in', `${name}.csr`, '-noout', '-verify');
    const signer = ['-CA', CA.caCert, '-CAkey', CA.caKey, '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-days', '9', '-out', 'back.pem');
    if (form === 'DER') openssl('x509', '-in', 'back.pem', '-outform', 'DER', '-out', 'back.pem');
    const certificates = ['-certfile', CA.caCert, '-certfile', 'back.pem'];
    if (form === 'PKCS#7') openssl('crl2pkcs7', '-nocrl', ...certificates, '-out', 'back.pem');
    const key = at(`${name}-key.pem`);
    const words = { key, caCert: CA.caCert, out: at(name) };
    expect(await importReturned([at('back.pem')], words), printed.join('')).toBe(0);
    expect(openssl('verify', '-CAfile', CA.caCert, `${name}.pem`)).toContain('OK');
    expect(readFileSync(at(`${name}.pem`), 'utf8').match(/BEGIN/g)).toHaveLength(1);
  });

  test('another key or another CA is refused by name', async () => {
    await ca();
    await leaf({ out: at('mine') });
    await leaf({ out: at('theirs') });
    const wrongKey = { key: at('theirs-key.pem'), out: at('taken') };
    expect(await importReturned([at('mine.pem')], wrongKey)).toBe(3);
    expect(printed.join('').replaceAll(/\s+/gu, ' ')).toContain(
      'mine.pem: none of its 1 certificates is for the key',
    );
    await issue({ ca: true, name: 'other', out: at('other') });
    const wrongCa = { key: at('mine-key.pem'), caCert: at('other.pem'), out: at('taken') };
    expect(await importReturned([at('mine.pem')], wrongCa)).toBe(3);
    expect(printed.join('').replaceAll(/\s+/gu, ' ')).toContain('no CA that was given verifies it');
  });
});
