/**
 * Goal: client TLS is checked both ways, and each mismatch reads differently. Method: one real member that
 * demands client certificates, certificates made by openssl, and one plain member.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { TlsFiles } from '../../src/adapters/etcd/endpoint.ts';
import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import type { EtcdMember } from '../../src/ports.ts';
import { value } from '../support/etcd-calls.ts';
import { type EtcdCluster, startCluster } from '../support/etcd-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CALL_MS = 3000;
const URL = 'https://127.42.1.31:2379';
/** The member listens there too, and its certificate does not say so. */
const UNCOVERED_URL = 'https://127.42.1.32:2379';
const PLAIN_ADDRESS = '127.42.1.33';

const folder = mkdtempSync(join(tmpdir(), 'peershift-tls-'));
const warnings: Error[] = [];
let secure: EtcdCluster;
let plain: EtcdCluster;
let good: TlsFiles & { cert: Buffer; key: Buffer };

function noteWarning(warning: Error): void {
  warnings.push(warning);
}

beforeAll(async () => {
  process.on('warning', noteWarning);
  for (const name of ['ca', 'other']) makeAuthority(name);
  makeLeaf('server', 'ca', 'IP:127.42.1.31');
  makeLeaf('client', 'ca', 'DNS:client');
  makeLeaf('stranger', 'other', 'DNS:client');
  good = { ca: pem('ca'), cert: pem('client'), key: pem('client-key') };
  secure = await startCluster({
    addresses: ['127.42.1.31'],
    clientTls: { serverFlags: serverFlags(), ...good },
    flags: ['--listen-client-urls', `${URL},${UNCOVERED_URL}`],
  });
  plain = await startCluster({ addresses: [PLAIN_ADDRESS] });
});

afterAll(async () => {
  process.off('warning', noteWarning);
  await secure.stop();
  await plain.stop();
  await rm(folder, { recursive: true, force: true });
});

function openssl(...argv: string[]): void {
  execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });
}

function pem(name: string): Buffer {
  return readFileSync(join(folder, `${name}.pem`));
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function makeAuthority(name: string): void {
  const files = ['-keyout', `${name}-key.pem`, '-out', `${name}.pem`];
  openssl('req', '-x509', ...NEW_KEY, ...files, '-days', '2', '-subj', `/CN=${name}`);
}

function makeLeaf(name: string, authority: string, subjectAltName: string): void {
  const files = ['-keyout', `${name}-key.pem`, '-out', `${name}.csr`];
  openssl('req', ...NEW_KEY, ...files, '-subj', `/CN=${name}`);
  const extensions = `subjectAltName=${subjectAltName}\nextendedKeyUsage=serverAuth,clientAuth\n`;
  writeFileSync(join(folder, `${name}.ext`), extensions);
  const signer = ['-CA', `${authority}.pem`, '-CAkey', `${authority}-key.pem`, '-CAcreateserial'];
  const request = ['-req', '-in', `${name}.csr`, '-extfile', `${name}.ext`, '-days', '2'];
  openssl('x509', ...request, ...signer, '-out', `${name}.pem`);
}

function serverFlags(): string[] {
  return [
    ...['--cert-file', join(folder, 'server.pem'), '--key-file', join(folder, 'server-key.pem')],
    ...['--trusted-ca-file', join(folder, 'ca.pem'), '--client-cert-auth'],
  ];
}

async function use<T>(
  url: string,
  tls: TlsFiles | undefined,
  action: (member: EtcdMember) => Promise<T>,
): Promise<T> {
  const options = tls === undefined ? { callMs: CALL_MS } : { callMs: CALL_MS, tls };
  const member = makeOpenEtcd(options)(url);
  try {
    return await action(member);
  } finally {
    member.close();
  }
}

test('with the right files every kind of call works', async () => {
  await use(URL, good, async (member) => {
    expect(value(await member.members()).members).toHaveLength(1);
    expect(value(await member.health()).isHealthy).toBe(true);
    expect(value(await member.metrics()).get('etcd_server_has_leader')).toBe(1);
    value(await member.snapshot(join(folder, 'backup.db')));
    expect(value(await member.renewLease('12345'))).toBe(0);
  });
});

test('an IP address in an https URL makes Node print no warning', async () => {
  value(await use(URL, good, (member) => member.members()));
  expect(warnings).toEqual([]);
});

const CASES: readonly [string, string, () => TlsFiles | undefined, RegExp][] = [
  [
    'a CA that did not sign the member',
    URL,
    () => ({ ...good, ca: pem('other') }),
    /not signed by the given CA/,
  ],
  [
    'no client certificate',
    URL,
    () => ({ ca: good.ca }),
    /our client certificate|closed without an answer/,
  ],
  [
    'a client certificate of another CA',
    URL,
    () => ({ ca: good.ca, cert: pem('stranger'), key: pem('stranger-key') }),
    /our client certificate|closed without an answer/,
  ],
  [
    'a key that belongs to another certificate',
    URL,
    () => ({ ...good, key: pem('stranger-key') }),
    /does not belong to the client certificate/,
  ],
  [
    'an address that the certificate does not cover',
    UNCOVERED_URL,
    () => good,
    /does not cover 127\.42\.1\.32/,
  ],
  ['http to a TLS port', URL.replace('https', 'http'), () => undefined, /or speaks TLS here/],
  ['https to a plain port', `https://${PLAIN_ADDRESS}:2379`, () => good, /speaks? plain http/],
  ['https without a CA', URL, () => undefined, /no CA for client URLs is given/],
  [
    'http with TLS files',
    `http://${PLAIN_ADDRESS}:2379`,
    () => good,
    /TLS files for client URLs are given/,
  ],
];

test.each(CASES)('%s is named by gRPC and by GET /health alike', async (_name, url, tls, words) => {
  await use(url, tls(), async (member) => {
    for (const answer of [await member.members(), await member.health()]) {
      expect(answer).toMatchObject({ ok: false, error: { code: 'ENDPOINT_UNREACHABLE' } });
      expect(answer.ok ? '' : answer.error.but).toMatch(words);
      expect(JSON.stringify(answer)).not.toContain('PRIVATE');
    }
  });
});
