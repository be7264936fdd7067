/**
 * Goal: with a plan, with certificates and without, `explain` names what its files name. Method: the command
 * itself on recorded logs, with leaves of our own.
 */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { explain } from '../../../src/cli/commands/explain.ts';
import { CHECKOUT } from '../../support/checkout.ts';
import { leafOfKind, newAuthority } from '../../support/leaf-kinds.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'peershift-explain-'));
const at = (name: string): string => path.join(folder, name);
const logs = (scenario: string): string[] =>
  ['m1', 'm2', 'm3'].map((name) =>
    path.join(CHECKOUT, 'fixtures/logs/3.4.23', scenario, `${name}.log`),
  );
const PLAN = `version: 1
name: corpus
cluster: { endpoints: ["http://127.0.0.11:2379"] }
pki: { mode: issue, directory: ./pki }
members:
${['m1', 'm2', 'm3']
  .map(
    (name, index) => `  - name: ${name}
    peerUrl: https://127.0.0.1${String(index + 1)}:2380
    host: { transport: ssh, user: root, address: ${name}.example }
    service: { manager: systemd, unit: etcd }
    config: { format: env-file, path: /etc/default/etcd }
    sourceAddresses: [127.0.0.1${String(index + 1)}]
`,
  )
  .join('')}`;

let out = '';
let errors = '';

beforeEach(() => {
  [out, errors] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    errors += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Line {
  readonly type: string;
  readonly severity?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cause?: string;
}

const findings = (): readonly Line[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ type }) => type === 'finding');

describe('explain', () => {
  it('names the leaf that both ends only hint at, when it is given the certificates', async () => {
    const authorities = { ours: await newAuthority('ours'), other: await newAuthority('other') };
    const bad = leafOfKind('server-only', '127.0.0.11', authorities);
    writeFileSync(at('m1.pem'), bad.certificatePem);
    writeFileSync(at('ca.pem'), authorities.ours.certificatePem);
    const flags = { json: true, cert: [`m1=${at('m1.pem')}`], ca: at('ca.pem') };
    expect(await explain(logs('eku-server-only'), flags)).toBe(0);
    const broken = findings().filter((each) => each.severity === 'error' && each.from === 'm1');
    expect(broken.length).toBeGreaterThan(0);
    // Without them it is "the clientAuth key usage", as etcd's own words have it.
    for (const { cause } of broken) expect(cause).toMatch(/m1's leaf lacks clientAuth(?:;|$)/);
  });

  it('takes the name of whoever has an address from a plan file', async () => {
    const error = `"tls: first record does not look like a TLS handshake", ServerName ""`;
    const line = `I | embed: rejected connection from "127.0.0.11:5" (error ${error})`;
    writeFileSync(at('m3.log'), `2026-11-22 05:41:19.100000 ${line}\n`);
    writeFileSync(at('plan.yaml'), PLAN);
    const dialer = async (flags: { readonly plan?: string }): Promise<readonly Line[]> => {
      out = '';
      expect(await explain([at('m3.log')], { json: true, ...flags }), out).toBe(0);
      return findings();
    };
    expect(await dialer({})).not.toMatchObject([{ from: 'm1' }]);
    expect(await dialer({ plan: at('plan.yaml') })).toMatchObject([{ from: 'm1', to: 'm3' }]);
  });

  it('refuses a certificate, a CA, a plan or a log that is not there, and says which', async () => {
    const [log = ''] = logs('benign-restart');
    const none = at('none.pem');
    expect(await explain([log], { cert: [`m1=${none}`] })).toBe(3);
    expect(errors).toContain(none);
    expect(await explain([log], { ca: none })).toBe(3);
    expect(await explain([log], { plan: at('none.yaml') })).toBe(2);
    expect(await explain([at('none.log')], {})).toBe(2);
    expect(errors).toContain('none.log');
    expect(out).toBe('');
  });

  it('tells what a code means', async () => {
    expect(await explain(['dialer-untrusted-server'], {})).toBe(0);
    expect(out).toContain('dialer-untrusted-server');
  });
});
