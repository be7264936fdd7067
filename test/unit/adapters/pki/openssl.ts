/** Turns arguments into a run of the real openssl program: the second opinion on our own work. */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { makePki } from '../../../../src/adapters/pki/pki.ts';
import type { KeyAlgorithm } from '../../../../src/model/desired.ts';
import type { IssuedLeaf, LeafRequest, Pki } from '../../../../src/ports.ts';

export const pki: Pki = makePki(Date.now, randomBytes);

export interface Bench {
  /** The output; throws when openssl is missing or says no. */
  openssl(...args: readonly string[]): string;
  put(name: string, text: string): string;
  get(name: string): string;
  at(name: string): string;
  end(): void;
}

/** A folder for one test file; paths that openssl gets are relative to it. */
export function bench(): Bench {
  const folder = mkdtempSync(path.join(tmpdir(), 'peershift-pki-'));
  const at = (name: string): string => path.join(folder, name);
  return {
    at,
    openssl: (...args) => {
      const outcome = spawnSync('openssl', args, {
        cwd: folder,
        encoding: 'utf8',
        timeout: 30_000,
      });
      if (outcome.error !== undefined) throw outcome.error;
      if (outcome.status === 0) return outcome.stdout;
      throw new Error(`openssl ${args.join(' ')}: ${outcome.stdout}${outcome.stderr}`);
    },
    put: (name, text) => {
      writeFileSync(at(name), text);
      return name;
    },
    get: (name) => readFileSync(at(name), 'utf8'),
    end: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

export interface Authority {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export async function authority(
  algorithm: KeyAlgorithm = 'ecdsa-p256',
  name = 'test CA',
): Promise<Authority> {
  const made = await pki.makeAuthority(name, algorithm, 30);
  if (!made.ok) throw new Error(made.error.but);
  return made.value;
}

export async function leafOf(ca: Authority, wish: Partial<LeafRequest> = {}): Promise<IssuedLeaf> {
  const issued = await pki.issueLeaf(ca, request(wish));
  if (!issued.ok) throw new Error(issued.error.but);
  return issued.value;
}

export function request(wish: Partial<LeafRequest> = {}): LeafRequest {
  return {
    commonName: 'm1',
    dnsNames: ['m1.example'],
    ipAddresses: ['10.0.0.1'],
    algorithm: 'ecdsa-p256',
    days: 10,
    ...wish,
  };
}

/** A CA of openssl's own, `ca.pem` and `ca-key.pem` for the name `ca`; extensions as in its cnf. */
export function opensslCa(on: Bench, name: string, wish: OpensslCa = {}): Authority {
  const { extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign'] } = wish;
  const lines = [
    '[req]',
    'distinguished_name=dn',
    'prompt=no',
    `string_mask=${wish.stringMask ?? 'utf8only'}`,
    '[dn]',
    'O=Example Operations',
    `CN=${name} root`,
    '[ca]',
    ...extensions,
  ];
  on.put(`${name}.cnf`, lines.join('\n'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const out = ['-keyout', `${name}-key.pem`, '-out', `${name}.pem`];
  on.openssl(
    'req',
    '-x509',
    '-days',
    '30',
    '-config',
    `${name}.cnf`,
    '-extensions',
    'ca',
    ...key,
    ...out,
  );
  return { certificatePem: on.get(`${name}.pem`), keyPem: on.get(`${name}-key.pem`) };
}

interface OpensslCa {
  readonly stringMask?: string;
  readonly extensions?: readonly string[];
}

/** A certificate of openssl's own below `issuer` (files of that name), with the extensions. */
export function opensslIssue(
  on: Bench,
  issuer: string,
  name: string,
  extensions: readonly string[],
  more: readonly string[] = ['-days', '20'],
): Authority {
  on.put(`${name}.ext`, extensions.join('\n'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  on.openssl(
    'req',
    '-new',
    '-subj',
    `/CN=${name}`,
    ...key,
    '-keyout',
    `${name}-key.pem`,
    '-out',
    `${name}.csr`,
  );
  const signer = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}-key.pem`, '-CAcreateserial'];
  on.openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...signer,
    '-extfile',
    `${name}.ext`,
    ...more,
    '-out',
    `${name}.pem`,
  );
  return { certificatePem: on.get(`${name}.pem`), keyPem: on.get(`${name}-key.pem`) };
}

export const CA_BELOW = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];

/** The fingerprint of the first certificate of a text. */
export function idOf(text: string): string {
  const read = pki.readCertificates(text);
  return read.ok ? (read.value[0]?.fingerprint ?? '') : '';
}
