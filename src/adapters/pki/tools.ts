/** Turns the clock and a source of randomness into the door of the certs commands. */

import type { CertificateTools } from '../../ports.ts';
import { importChain } from './import.ts';
import { inspectFile } from './inspect-file.ts';
import { makeCertificate, makeRequest } from './make.ts';
import { makePkcs12 } from './pkcs12.ts';

/** `now` in milliseconds since the epoch; `random` for serial numbers and salts, never for keys. */
export function makeCertificateTools(
  now: () => number,
  random: (bytes: number) => Buffer,
): CertificateTools {
  const sources = { now, random };
  return {
    makeCertificate: (wish, authority) => makeCertificate(sources, wish, authority),
    makeRequest,
    inspectFile,
    importChain,
    makePkcs12: (texts, password) => makePkcs12(texts, password, random),
  };
}
