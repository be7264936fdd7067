/** Certificates: made, read and judged. Types only. */

import type { Result } from '../base/result.ts';
import type { CaId, Certificate, Leaf } from '../model/certificate.ts';
import type { CertificateWish } from '../model/certificate-wish.ts';
import type { KeyAlgorithm } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { InspectedFile } from '../model/inspected-file.ts';
import type { Answer } from './answer.ts';

export interface SignedLeaf {
  readonly certificatePem: string;
  readonly certificate: Certificate;
}

export interface IssuedLeaf extends SignedLeaf {
  readonly keyPem: string;
}

export interface LeafRequest {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly algorithm: KeyAlgorithm;
  readonly days: number;
  /** It dials and never serves: it may name no host, and then may come from any. */
  readonly isForClient?: boolean;
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
  /** Another leaf for the key of this one: its private half is not needed. */
  reissueLeaf(
    authority: { certificatePem: string; keyPem: string },
    request: LeafRequest,
    leafText: string,
  ): Result<SignedLeaf, Failure>;
  /** Every certificate of a PEM text, in order; the reason when there is none or one is broken. */
  readCertificates(text: string): Result<readonly Certificate[], string>;
  /** Of a private key etcd can read (unencrypted PEM): the SHA-256 of its public half; else the reason. */
  readKeyId(text: string): Result<string, string>;
  /** Which of these CA certificates verify the first certificate of the text (the rest are intermediates), dates aside. */
  trustedBy(leafText: string, authorityTexts: readonly string[]): readonly CaId[];
  readLeaf(text: string, authorityTexts: readonly string[]): Result<Leaf, string>;
}

export interface MadeRequest {
  readonly keyPem: string;
  /** PKCS#10. */
  readonly requestPem: string;
}

export interface MadeCertificate extends MadeRequest {
  /** The certificate, then the intermediates that a peer needs to reach the root. */
  readonly certificatePem: string;
  readonly certificate: Certificate;
  /** Undefined when it signed itself. */
  readonly issuerEndsMs: number | undefined;
}

/** What the certs commands need beyond a run. */
export interface CertificateTools {
  makeCertificate(
    wish: CertificateWish,
    authority: { certificatePem: string; keyPem: string } | undefined,
  ): Answer<MadeCertificate>;
  makeRequest(wish: CertificateWish): Answer<MadeRequest>;
  /** The reason has no part of the content in it; `beside`: other files, whose CAs may vouch. */
  inspectFile(bytes: Uint8Array, beside?: readonly Uint8Array[]): Result<InspectedFile, string>;
  importChain(input: ImportInput): Result<ImportedChain, string>;
  /** A certificate chain with its key under a password; the bytes of the file. */
  makePkcs12(
    texts: { certificatePem: string; keyPem: string },
    password: string,
  ): Result<Uint8Array, string>;
}

export interface ImportInput {
  readonly key: { readonly file: string; readonly text: string };
  readonly returned: readonly { readonly file: string; readonly bytes: Uint8Array }[];
  /** CAs that are trusted; without one the chain is not verified. */
  readonly authorities: readonly { readonly file: string; readonly bytes: Uint8Array }[];
}

export interface ImportedChain {
  readonly certificatePem: string;
  /** The leaf first. */
  readonly chain: readonly Certificate[];
  readonly isVerified: boolean;
}
