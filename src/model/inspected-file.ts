/** What a file with certificates, keys or requests holds, for people to look at. */

import type { Certificate } from './certificate.ts';

export interface InspectedCertificate extends Certificate {
  /** Hex. */
  readonly serial: string;
  /** `SHA-256 with RSA`. */
  readonly signature: string;
  /** Hex; empty when it has none. */
  readonly subjectKeyId: string;
  /** Its issuer is itself: a root, or a certificate of its own. */
  readonly isSelfIssued: boolean;
}

export interface InspectedKey {
  readonly keyId: string;
  readonly keyKind: string;
}

export interface InspectedRequest extends InspectedKey {
  readonly commonName: string | undefined;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export interface InspectedFile {
  readonly encoding: 'PEM' | 'DER' | 'PKCS#7';
  readonly certificates: readonly InspectedCertificate[];
  readonly keys: readonly InspectedKey[];
  readonly requests: readonly InspectedRequest[];
}
