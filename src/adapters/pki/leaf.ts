/** Turns a CA and the names of a member into a peer leaf with a new key. */

import type { KeyObject } from 'node:crypto';

import { assert } from '../../base/assert.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, IssuedLeaf, LeafRequest, SignedLeaf } from '../../ports.ts';
import {
  type AuthorityTexts,
  CLOCK_SKEW_MS,
  DAY_MS,
  SERIAL_BYTES,
  type Sources,
  readIssuer,
} from './authority.ts';
import { distrust } from './chain.ts';
import {
  altNames,
  authorityKeyId,
  basicConstraints,
  certificatePem,
  commonNameOnly,
  extendedUsage,
  keyIdBytes,
  keyUsage,
  subjectKeyId,
} from './encode.ts';
import { parseCertificates } from './inspect.ts';
import { keyIdOf, makeKeyPair, privatePem } from './key.ts';
import { pkiFailed, printable, requestProblem } from './request.ts';

/**
 * A leaf for both sides of a peer link (serverAuth and clientAuth), valid at most as long as its
 * CA: beyond that Go refuses the chain anyway. PKI_FAILED when the CA cannot issue it or the names
 * cannot be; the leaf is read back and verified against the CA before it is handed out.
 */
export async function issueLeaf(
  sources: Sources,
  authority: AuthorityTexts,
  request: LeafRequest,
): Answer<IssuedLeaf> {
  const { publicKey, privateKey } = await makeKeyPair(request.algorithm);
  const would = `issue it with ${request.algorithm} for ${String(request.days)} days`;
  const issued = signLeaf(sources, authority, request, publicKey, would);
  return issued.ok ? ok({ ...issued.value, keyPem: privatePem(privateKey) }) : issued;
}

/**
 * Another leaf for the key of `leafText` (PEM), of which only the public half is known here: the names and
 * days are those of the request, its algorithm is not asked. PKI_FAILED as `issueLeaf`.
 */
export function reissueLeaf(
  sources: Sources,
  authority: AuthorityTexts,
  request: LeafRequest,
  leafText: string,
): Result<SignedLeaf, Failure> {
  const would = `sign it again for the same key for ${String(request.days)} days`;
  const present = parseCertificates(leafText, 'leaf');
  const [first] = present.ok ? present.value : [];
  if (first !== undefined) return signLeaf(sources, authority, request, first.publicKey, would);
  const but = present.ok ? 'no leaf is there' : present.error;
  return err(pkiFailed(whereOf(request), would, but, 'see the leaf named above'));
}

function hasNames({ dnsNames, ipAddresses }: LeafRequest): boolean {
  return dnsNames.length + ipAddresses.length > 0;
}

function whereOf({ commonName }: LeafRequest): string {
  return `leaf "${printable(commonName)}"`;
}

function signLeaf(
  sources: Sources,
  authority: AuthorityTexts,
  request: LeafRequest,
  publicKey: KeyObject,
  would: string,
): Result<SignedLeaf, Failure> {
  const where = whereOf(request);
  const problem = requestProblem(request);
  if (problem !== undefined) {
    return err(
      pkiFailed(where, would, problem, 'correct the names, sans or days in the plan file'),
    );
  }
  const nowMs = sources.now();
  const issuer = readIssuer(authority, nowMs);
  if (!issuer.ok) return issuer;
  const { parsed: ca, key: signer, keyId } = issuer.value;
  const pem = certificatePem({
    serial: sources.random(SERIAL_BYTES),
    subject: commonNameOnly(request.commonName),
    issuer: ca.subject,
    notBeforeMs: nowMs - CLOCK_SKEW_MS,
    notAfterMs: Math.min(nowMs + request.days * DAY_MS, ca.certificate.notAfterMs),
    publicKey,
    signer,
    extensions: [
      basicConstraints(undefined),
      keyUsage(
        publicKey.asymmetricKeyType === 'rsa'
          ? ['digitalSignature', 'keyEncipherment']
          : ['digitalSignature'],
      ),
      subjectKeyId(keyIdBytes(publicKey)),
      authorityKeyId(keyId),
      extendedUsage(request.isForClient === true ? ['clientAuth'] : ['serverAuth', 'clientAuth']),
      ...(hasNames(request) ? [altNames({ ...request, emailAddresses: [] })] : []),
    ],
  });
  const readBack = parseCertificates(pem, 'leaf');
  assert(
    readBack.ok,
    `the leaf that was just made cannot be read: ${readBack.ok ? '' : readBack.error}`,
  );
  const [leaf] = readBack.value;
  assert(
    leaf?.certificate.keyId === keyIdOf(publicKey),
    'the leaf that was just made has another key',
  );
  const reason = distrust(leaf, [], ca);
  if (reason !== undefined) {
    const but = `CA "${ca.certificate.subject}" would not verify it: ${reason}`;
    return err(
      pkiFailed(where, would, but, 'give a CA that may issue peer certificates for these names'),
    );
  }
  return ok({ certificatePem: pem, certificate: leaf.certificate });
}
