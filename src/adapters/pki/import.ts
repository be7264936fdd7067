/** Turns what an outside CA sent back, and the key that waited for it, into a leaf with its chain. */

import { type Result, err, ok } from '../../base/result.ts';
import type { ImportInput, ImportedChain } from '../../ports.ts';
import { distrust } from './chain.ts';
import { certificatesAsPem } from './inspect-file.ts';
import { type Parsed, parseCertificates } from './inspect.ts';
import { keyIdOf, readPrivateKey } from './key.ts';
import { pemOfParsed } from './make.ts';

interface Read {
  readonly file: string;
  readonly parsed: Parsed;
}

/**
 * PEM, DER or PKCS#7, in any order, in any number of files: the leaf that fits the key, then the
 * intermediates up to a root, which stays out. The reason names the file.
 */
export function importChain(input: ImportInput): Result<ImportedChain, string> {
  const key = readPrivateKey(input.key.text, 'peershift');
  if (!key.ok) return err(`${input.key.file}: ${key.error}`);
  const returned = readAll(input.returned);
  if (!returned.ok) return returned;
  const keyId = keyIdOf(key.value);
  const leaf = returned.value.find(({ parsed }) => parsed.certificate.keyId === keyId);
  if (leaf === undefined) {
    const files = input.returned.map(({ file }) => file).join(', ');
    const count = String(returned.value.length);
    return err(`${files}: none of its ${count} certificates is for the key in ${input.key.file}`);
  }
  const anchors = readAll(input.authorities);
  if (!anchors.ok) return anchors;
  const chain = chainFrom(
    leaf.parsed,
    [...returned.value, ...anchors.value].map((one) => one.parsed),
  );
  const between = chain.filter((one) => one.subjectHex !== one.issuerHex);
  const roots = anchors.value.map(({ parsed }) => parsed);
  const reasons = roots.map((root) => distrust(leaf.parsed, between, root));
  if (reasons.length > 0 && !reasons.includes(undefined)) {
    return err(`${leaf.file}: no CA that was given verifies it: ${reasons[0] ?? ''}`);
  }
  return ok({
    certificatePem: [leaf.parsed, ...between].map(pemOfParsed).join(''),
    chain: [leaf.parsed, ...between].map(({ certificate }) => certificate),
    isVerified: reasons.length > 0,
  });
}

function readAll(files: ImportInput['returned']): Result<readonly Read[], string> {
  const found: Read[] = [];
  for (const { file, bytes } of files) {
    const pem = certificatesAsPem(bytes);
    if (!pem.ok) return err(`${file}: ${pem.error}`);
    const parsed = parseCertificates(pem.value, 'leaf');
    if (!parsed.ok) return err(`${file}: ${parsed.error}`);
    found.push(...parsed.value.map((one) => ({ file, parsed: one })));
  }
  return ok(found);
}

/** Each issuer by its name, as far up as there is one. */
function chainFrom(leaf: Parsed, all: readonly Parsed[]): readonly Parsed[] {
  const chain: Parsed[] = [];
  const issuerOf = (one: Parsed): Parsed | undefined =>
    all.find((other) => other.subjectHex === one.issuerHex && other.certificate.isCa);
  let next = issuerOf(leaf);
  while (next !== undefined && !chain.includes(next)) {
    chain.push(next);
    next = issuerOf(next);
  }
  return chain;
}
