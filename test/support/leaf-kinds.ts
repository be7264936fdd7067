/** Turns a member's address into peer leaves, a good one and bad ones, each bad in one way. */

import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';

import {
  altNames,
  basicConstraints,
  certificatePem,
  commonNameOnly,
  extendedUsage,
  keyUsage,
} from '../../src/adapters/pki/encode.ts';
import { makePki } from '../../src/adapters/pki/pki.ts';
import type { Pki } from '../../src/ports.ts';
import { value } from './etcd-calls.ts';

export const LEAF_KINDS = [
  'good',
  'no-source',
  'no-host',
  'server-only',
  'other-ca',
  'expired',
] as const;

export type LeafKind = (typeof LEAF_KINDS)[number];

export interface PemPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What every member on loopback dials from. */
const LOOPBACK_SOURCE = '127.0.0.1';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 30;
const SERIAL_BYTES = 16;

export const pki: Pki = makePki(
  () => Date.now(),
  (bytes) => randomBytes(bytes),
);

export async function newAuthority(name: string): Promise<PemPair> {
  return value(await pki.makeAuthority(name, 'ecdsa-p256', DAYS));
}

/** A leaf of that kind for a member at this address; `other` signs only the kind that says so. */
export function leafOfKind(
  kind: LeafKind,
  address: string,
  authorities: { readonly ours: PemPair; readonly other: PemPair },
): PemPair {
  const nowMs = Date.now();
  const addresses = [
    ...(kind === 'no-host' ? [] : [address]),
    ...(kind === 'no-source' ? [] : [LOOPBACK_SOURCE]),
  ];
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authority = kind === 'other-ca' ? authorities.other : authorities.ours;
  const [issuer] = value(pki.readCertificates(authority.certificatePem));
  const certificate = certificatePem({
    serial: randomBytes(SERIAL_BYTES),
    subject: commonNameOnly(`${kind} ${address}`),
    issuer: commonNameOnly(issuer?.commonName ?? ''),
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: kind === 'expired' ? nowMs - HOUR_MS : nowMs + DAY_MS,
    publicKey,
    signer: createPrivateKey(authority.keyPem),
    extensions: [
      basicConstraints(undefined),
      keyUsage(['digitalSignature']),
      extendedUsage(kind === 'server-only' ? ['serverAuth'] : ['serverAuth', 'clientAuth']),
      altNames({ dnsNames: [], ipAddresses: addresses, emailAddresses: [] }),
    ],
  });
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificatePem: certificate, keyPem };
}
