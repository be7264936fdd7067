/** Turns the clock and a source of randomness into the Pki door. */

import { ok } from '../../base/result.ts';
import type { Pki } from '../../ports.ts';
import { makeAuthority } from './authority.ts';
import { readLeaf, trustedBy } from './chain.ts';
import { parseCertificates } from './inspect.ts';
import { readKeyId } from './key.ts';
import { issueLeaf, reissueLeaf } from './leaf.ts';

/**
 * `now` in milliseconds since the epoch; `random` gives that many bytes, for serial numbers (keys
 * always come from node:crypto's own generator).
 */
export function makePki(now: () => number, random: (bytes: number) => Buffer): Pki {
  const sources = { now, random };
  return {
    makeAuthority: (commonName, algorithm, days) =>
      makeAuthority(sources, commonName, algorithm, days),
    issueLeaf: (authority, request) => issueLeaf(sources, authority, request),
    reissueLeaf: (authority, request, leafText) =>
      reissueLeaf(sources, authority, request, leafText),
    readCertificates: (text) => {
      const parsed = parseCertificates(text, 'pool');
      return parsed.ok ? ok(parsed.value.map(({ certificate }) => certificate)) : parsed;
    },
    readKeyId,
    trustedBy,
    readLeaf,
  };
}
