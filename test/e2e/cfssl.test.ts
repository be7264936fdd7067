/**
 * Goal: cfssl's JSON as people have it works unchanged, and gives the certificate that cfssl gives. Method:
 * each request of fixtures/cfssl goes through Debian's cfssl and through `certs issue`; what openssl prints of
 * both (fields, order, string types, dates) must be equal, the key, its ids, the serial and the signature aside.
 */

import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { issue } from '../../src/cli/commands/certs.ts';
import { cfsslFolder } from '../support/cfssl.ts';
import { CHECKOUT } from '../support/checkout.ts';

const FIXTURES = join(CHECKOUT, 'fixtures', 'cfssl');
const folder = mkdtempSync(join(tmpdir(), 'peershift-cfssl-'));
let programs = '';

interface Wanted {
  readonly set: string;
  readonly request: string;
  readonly config?: string;
  readonly profile?: string;
  readonly hostname?: string;
}

/** Each set begins with its CA; the words are those of the guides. */
const WANTED: readonly Wanted[] = [
  { set: 'k8s', request: 'csr' },
  { set: 'k8s', request: 'server', config: 'config', profile: 'server' },
  { set: 'k8s', request: 'client', config: 'config', profile: 'client' },
  { set: 'k8s', request: 'member', config: 'config', profile: 'peer' },
  { set: 'paas', request: 'ca-csr' },
  { set: 'paas', request: 'server-csr', config: 'ca-config', profile: 'server' },
  { set: 'paas', request: 'client-csr', config: 'ca-config', profile: 'client' },
  { set: 'own-ca', request: 'ca-csr' },
  {
    ...{ set: 'own-ca', request: 'server', config: 'ca-config', profile: 'server' },
    hostname: '172.27.126.226,127.0.0.1,server',
  },
  {
    ...{ set: 'own-ca', request: 'etcd0', config: 'ca-config', profile: 'peer' },
    hostname: '172.27.126.226,127.0.0.1,server,etcd0',
  },
  { set: 'own-ca', request: 'client', config: 'ca-config', profile: 'client' },
  // Its guide shows no configuration: the one of the guide before it.
  { set: 'one-member', request: 'etcd1-peer-csr', config: '../k8s/config', profile: 'peer' },
];

const CA_OF: Readonly<Record<string, string>> = {
  k8s: 'k8s-csr',
  paas: 'paas-ca-csr',
  'own-ca': 'own-ca-ca-csr',
  'one-member': 'k8s-csr',
};

beforeAll(async () => {
  programs = await cfsslFolder();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  for (const wanted of WANTED) {
    byCfssl(wanted);
    expect(await byUs(wanted)).toBe(0);
  }
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const nameOf = ({ set, request }: Wanted): string => `${set}-${request}`;
const at = (whose: 'cfssl' | 'ours', name: string): string => join(folder, `${whose}-${name}`);
const json = (set: string, name: string): string => join(FIXTURES, set, `${name}.json`);

function byCfssl(wanted: Wanted): void {
  const { set, request, config, profile, hostname } = wanted;
  const ca = at('cfssl', CA_OF[set] ?? '');
  const words =
    config === undefined
      ? ['-initca']
      : [
          ...[`-ca=${ca}.pem`, `-ca-key=${ca}-key.pem`],
          ...[`-config=${json(set, config)}`, `-profile=${profile ?? ''}`],
          ...(hostname === undefined ? [] : [`-hostname=${hostname}`]),
        ];
  const quiet = { timeout: 60_000, stdio: 'pipe' } as const;
  const made = execFileSync(
    join(programs, 'cfssl'),
    ['gencert', ...words, json(set, request)],
    quiet,
  );
  const bare = ['-bare', at('cfssl', nameOf(wanted))];
  execFileSync(join(programs, 'cfssljson'), bare, { ...quiet, input: made });
}

async function byUs(wanted: Wanted): Promise<number> {
  const { set, request, config, profile, hostname } = wanted;
  const ca = at('ours', CA_OF[set] ?? '');
  const out = at('ours', nameOf(wanted));
  const csr = json(set, request);
  if (config === undefined) return await issue({ ca: true, csr, out });
  const caFiles = { caCert: `${ca}.pem`, caKey: `${ca}-key.pem` };
  return await issue({ csr, config: json(set, config), profile, hostname, ...caFiles, out });
}

function openssl(...words: string[]): string {
  return execFileSync('openssl', words, { encoding: 'utf8', timeout: 30_000, stdio: 'pipe' });
}

/** What openssl says of a certificate; numbers of its own key, serial and signature are taken out. */
function fieldsOf(file: string): readonly string[] {
  return openssl('x509', '-in', `${file}.pem`, '-noout', '-text')
    .split('\n')
    .filter((line) => !/^\s+(?:[0-9a-f]{2}:)*[0-9a-f]{2}:?$/i.test(line))
    .filter((line) => !/Not (?:Before|After)/.test(line));
}

/** Its tree: the kinds of all values, and the texts of names. */
function treeOf(file: string): readonly string[] {
  return openssl('asn1parse', '-in', `${file}.pem`)
    .split('\n')
    .map((line) => line.replace(/^\s*\d+:d=(\d+)\s+hl=\d l=\s*\d+ /, '$1 '))
    .map((line) =>
      /INTEGER|BIT STRING|OCTET STRING|UTCTIME/.test(line) ? line.slice(0, 25) : line,
    );
}

function certificate(file: string): X509Certificate {
  return new X509Certificate(readFileSync(`${file}.pem`));
}

function lastsMs(file: string): number {
  const { validFrom, validTo } = certificate(file);
  return Date.parse(validTo) - Date.parse(validFrom);
}

/** SHA-1 of the key's bits, as its own extension must say (RFC 5280 4.2.1.2, method 1). */
function keyIdOf(file: string): string {
  const spki = certificate(file).publicKey.export({ type: 'spki', format: 'der' });
  const isRsa = certificate(file).publicKey.asymmetricKeyType === 'rsa';
  // The bit string: behind 24 bytes of RSA's header, or the last 65 of a P-256 key.
  const bits = isRsa ? spki.subarray(24) : spki.subarray(spki.length - 65);
  return createHash('sha1').update(bits).digest('hex').toUpperCase();
}

function extensionOf(file: string, name: string): string {
  const text = openssl('x509', '-in', `${file}.pem`, '-noout', '-ext', name);
  return text.replaceAll(':', '').replaceAll(/\s/g, '').toUpperCase();
}

describe.each(WANTED)('$set/$request.json', (wanted) => {
  const name = nameOf(wanted);
  const [theirs, ours] = [at('cfssl', name), at('ours', name)];

  test('gives the fields that cfssl gives', () => {
    expect(fieldsOf(ours)).toEqual(fieldsOf(theirs));
    expect(treeOf(ours)).toEqual(treeOf(theirs));
    expect(lastsMs(ours)).toBe(lastsMs(theirs));
    for (const file of [ours, theirs]) {
      expect(extensionOf(file, 'subjectKeyIdentifier')).toContain(keyIdOf(file));
    }
  });

  test('gives files of the same names and modes, with keys of the same form', () => {
    for (const end of ['.pem', '-key.pem', '.csr']) {
      expect(statSync(`${ours}${end}`).mode & 0o777).toBe(statSync(`${theirs}${end}`).mode & 0o777);
      const [first] = readFileSync(`${theirs}${end}`, 'utf8').split('\n');
      expect(readFileSync(`${ours}${end}`, 'utf8').split('\n')[0]).toBe(first);
    }
    expect(statSync(`${ours}-key.pem`).mode & 0o777).toBe(0o600);
    openssl('req', '-in', `${ours}.csr`, '-noout', '-verify');
  });

  test('is verified by its CA', () => {
    const ca = `${at('ours', CA_OF[wanted.set] ?? '')}.pem`;
    expect(openssl('verify', '-x509_strict', '-CAfile', ca, `${ours}.pem`)).toContain('OK');
    const key = openssl('pkey', '-in', `${ours}-key.pem`, '-pubout');
    expect(openssl('x509', '-in', `${ours}.pem`, '-noout', '-pubkey')).toBe(key);
  });
});

test('each JSON file of the guides is used', () => {
  const used = new Set(
    WANTED.flatMap(({ set, request, config }) => [
      join(set, request),
      ...(config === undefined ? [] : [join(set, config)]),
    ]),
  );
  const sets = readdirSync(FIXTURES, { withFileTypes: true }).filter((one) => one.isDirectory());
  const all = sets.flatMap(({ name }) =>
    readdirSync(join(FIXTURES, name)).map((file) => join(name, file.replace('.json', ''))),
  );
  expect(all.filter((file) => !used.has(file))).toEqual([]);
});
