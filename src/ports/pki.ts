/** Certificates: made, read and judged. Types only. */

import type { Result } from '../base/result.ts';
import type { CaId, Certificate, Leaf } from '../model/certificate.ts';
import type { KeyAlgorithm } from '../model/desired.ts';
import type { Answer } from './answer.ts';

export interface IssuedLeaf {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificate: Certificate;
}

export interface LeafRequest {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly algorithm: KeyAlgorithm;
  readonly days: number;
}

export interface Pki {
  makeAuthority(
    commonName: string,
    algorithm: KeyAlgorithm,
    days: number,
  ): Answer<{ certificatePem: string; keyPem: string }>;
  issueLeaf(
    authority: { certificatePem: string; keyPem: string },
    request: LeafRequest,
  ): Answer<IssuedLeaf>;
  /** Every certificate of a PEM text, in order; the reason when there is none or one is broken. */
  readCertificates(text: string): Result<readonly Certificate[], string>;
  /** Of a private key etcd can read (unencrypted PEM): the SHA-256 of its public half; else the reason. */
  readKeyId(text: string): Result<string, string>;
  /** Which of these CA certificates verify the first certificate of the text (the rest are intermediates), dates aside. */
  trustedBy(leafText: string, authorityTexts: readonly string[]): readonly CaId[];
  readLeaf(text: string, authorityTexts: readonly string[]): Result<Leaf, string>;
}
