/** Turns a private key's PEM into the id of its public half, and an algorithm into a key pair. */

import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';

import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import { KEY_WISHES, type KeyWish } from '../../model/certificate-wish.ts';
import type { KeyAlgorithm } from '../../model/desired.ts';
import { type PemBlock, pemBlocks } from './pem.ts';

/** Go's curves (crypto/x509 namedCurveFromOID), by OpenSSL's names. */
const CURVES: Readonly<Record<string, string>> = {
  secp224r1: 'P-224',
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

const KEY_FORMS = ['pkcs8', 'sec1', 'pkcs1'] as const;

/**
 * SHA-256 of the public half (its subject public key info), in hex, of the key that etcd would load
 * from this text: the first private key block, in PKCS#8, SEC1 or PKCS#1 (Go crypto/tls
 * X509KeyPair). The reason never has any part of the text in it.
 */
export function readKeyId(text: string): Result<string, string> {
  const key = readPrivateKey(text);
  return key.ok ? ok(keyIdOf(key.value)) : key;
}

/** `reader`: who it is that could not read it, for the reason. */
export function readPrivateKey(text: string, reader = 'etcd'): Result<KeyObject, string> {
  const blocks = pemBlocks(text);
  if (!blocks.ok) return blocks;
  const block = blocks.value.find(({ label }) => /(^| )PRIVATE KEY$/.test(label));
  if (block === undefined)
    return err('it has no PEM private key (no -----BEGIN ... PRIVATE KEY----- line)');
  if (isEncrypted(block)) {
    return err(`its key is encrypted, and ${reader} cannot read encrypted keys`);
  }
  if (block.label === 'OPENSSH PRIVATE KEY') {
    return err(`its key has the OpenSSH form; ${reader} reads only PKCS#8, SEC1 and PKCS#1`);
  }
  const key = decoded(block);
  if (key === undefined) {
    return err(`its private key is damaged, or of a kind that ${reader} cannot read`);
  }
  if (!isConsistent(key)) return err('its private key is damaged: its parts do not fit each other');
  const kind = keyKindOf(key);
  return kind.ok ? ok(key) : err(`its key ${kind.error}`);
}

/** SHA-256 of the subject public key info, in hex. */
export function keyIdOf(key: KeyObject): string {
  return sha256(publicDer(key));
}

/** DER of the subject public key info. */
export function publicDer(key: KeyObject): Buffer {
  const publicHalf = key.type === 'private' ? createPublicKey(key) : key;
  return publicHalf.export({ type: 'spki', format: 'der' });
}

/** `ECDSA P-256`, `RSA 2048`; an error for a curve that makes Go refuse certificate or key. */
export function keyKindOf(key: KeyObject): Result<string, string> {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType ?? 'unknown';
  if (kind === 'rsa') return ok(`RSA ${String(modulusLength ?? 0)}`);
  if (kind === 'ed25519') return ok('Ed25519');
  if (kind !== 'ec') return ok(kind.toUpperCase());
  const curve = CURVES[namedCurve ?? ''];
  if (curve !== undefined) return ok(`ECDSA ${curve}`);
  return err(`is on the curve ${namedCurve ?? 'without a name'}, which etcd does not know`);
}

/** Can Go's TLS sign and verify with it? */
export function isUsableKey(key: KeyObject): boolean {
  return ['rsa', 'ec', 'ed25519'].includes(key.asymmetricKeyType ?? '');
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Ends by itself: pure computing, from under 1 ms (P-256) to some seconds (RSA 4096). It runs in
 * libuv's threads, so that several keys are made at once.
 */
export async function makeKeyPair(algorithm: KeyAlgorithm | KeyWish): Promise<KeyPair> {
  const generate = promisify(generateKeyPair);
  const wish = typeof algorithm === 'string' ? KEY_WISHES[algorithm] : algorithm;
  return wish.kind === 'rsa'
    ? await generate('rsa', { modulusLength: wish.bits })
    : await generate('ec', { namedCurve: wish.curve });
}

/** PKCS#8, or the older form of its kind (PKCS#1, SEC1), which cfssl writes. */
export function privatePem(key: KeyObject, isTraditional = false): string {
  const older = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1';
  return key.export({ type: isTraditional ? older : 'pkcs8', format: 'pem' }).toString();
}

/**
 * OpenSSL reads a key whose numbers contradict each other; Go refuses it (rsa.PrivateKey.Validate) or
 * computes another public half.
 */
function isConsistent(key: KeyObject): boolean {
  const probe = Buffer.from('peershift');
  try {
    if (key.asymmetricKeyType === 'rsa' && !hasRsaArithmetic(key)) return false;
    const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    return verify(digest, probe, createPublicKey(key), sign(digest, probe, key));
  } catch {
    return false;
  }
}

/** RFC 8017 3.2: what the eight numbers of an RSA key are to each other. */
function hasRsaArithmetic(key: KeyObject): boolean {
  const jwk = key.export({ format: 'jwk' });
  const number = (part: string | undefined): bigint =>
    BigInt(`0x${Buffer.from(part ?? '', 'base64url').toString('hex') || '0'}`);
  const [n, e, d, p, q] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q].map(number) as [
    ...[bigint, bigint, bigint, bigint, bigint],
  ];
  const one = BigInt(1);
  if (p <= one || q <= one || p * q !== n) return false;
  if ((e * d) % (p - one) !== one || (e * d) % (q - one) !== one) return false;
  const fits = number(jwk.dp) === d % (p - one) && number(jwk.dq) === d % (q - one);
  return fits && (number(jwk.qi) * q) % p === one;
}

function isEncrypted(block: PemBlock): boolean {
  const procType = block.headers['Proc-Type'] ?? '';
  return block.label === 'ENCRYPTED PRIVATE KEY' || procType.includes('ENCRYPTED');
}

/** Go tries all forms whatever the label says, and so do we. */
function decoded(block: PemBlock): KeyObject | undefined {
  for (const type of KEY_FORMS) {
    try {
      const key = createPrivateKey({ key: block.bytes, format: 'der', type });
      if (isUsableKey(key)) return key;
    } catch {
      // Not this form, or not a key at all: the next form decides, and the caller has the words.
    }
  }
  return undefined;
}
