/** What a certificate is to say before it has a key: read from flags or from cfssl's JSON, made at the rim. */

import type { KeyAlgorithm } from './desired.ts';

export type KeyWish =
  | { readonly kind: 'rsa'; readonly bits: number }
  | { readonly kind: 'ecdsa'; readonly curve: 'P-256' | 'P-384' | 'P-521' };

export const KEY_WISHES: Readonly<Record<KeyAlgorithm, KeyWish>> = {
  'ecdsa-p256': { kind: 'ecdsa', curve: 'P-256' },
  'ecdsa-p384': { kind: 'ecdsa', curve: 'P-384' },
  'rsa-2048': { kind: 'rsa', bits: 2048 },
  'rsa-4096': { kind: 'rsa', bits: 4096 },
};

/** RFC 5280 4.2.1.3, in the order of their bits. */
export const KEY_USES = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUse = (typeof KEY_USES)[number];

/** RFC 5280 4.2.1.12 and its neighbours, by name. */
export const EXTENDED_USES = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecEndSystem: '1.3.6.1.5.5.7.3.5',
  ipsecTunnel: '1.3.6.1.5.5.7.3.6',
  ipsecUser: '1.3.6.1.5.5.7.3.7',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  microsoftSgc: '1.3.6.1.4.1.311.10.3.3',
  netscapeSgc: '2.16.840.1.113730.4.1',
} as const;
export type ExtendedUse = keyof typeof EXTENDED_USES;

/** In the order in which a name is written; each may have several values. */
export const SUBJECT_PARTS = ['C', 'ST', 'L', 'O', 'OU', 'CN', 'serialNumber'] as const;
export type SubjectPart = (typeof SUBJECT_PARTS)[number];
export type SubjectWish = Readonly<Partial<Record<SubjectPart, readonly string[]>>>;

export interface HostNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
}

/** RFC 5280 4.2.1.10: a CA that can vouch for these names and networks only. */
export interface NameConstraints {
  readonly permitted: readonly string[];
  readonly excluded: readonly string[];
}

export interface CertificateWish {
  readonly subject: SubjectWish;
  readonly names: HostNames;
  readonly key: KeyWish;
  /** From its begin, which lies `backdateMs` before now, to its end. */
  readonly lastsMs: number;
  readonly backdateMs: number;
  readonly keyUses: readonly KeyUse[];
  readonly extendedUses: readonly ExtendedUse[];
  /** Present in a CA; `maxCasBelow` undefined: no limit. */
  readonly authority: { readonly maxCasBelow: number | undefined } | undefined;
  readonly constraints: NameConstraints | undefined;
  /**
   * As cfssl writes it: begins at a whole minute, may outlive its CA, a root without authority key
   * id, SHA-2 by the size of the CA's RSA key, keys in their traditional PEM forms.
   */
  readonly isLikeCfssl: boolean;
}
