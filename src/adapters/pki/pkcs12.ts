/** Turns a certificate chain and its key into a PKCS#12 file (RFC 7292) under a password. */

import { createHash, createHmac } from 'node:crypto';

import { type Result, err, ok } from '../../base/result.ts';
import {
  type Der,
  TAG,
  context,
  derBytes,
  oid,
  pkcs12MacKey,
  primitive,
  readDer,
  sequence,
  set,
} from './der.ts';
import { parseCertificates } from './inspect.ts';
import { keyIdOf, readPrivateKey } from './key.ts';

const ID = {
  data: '1.2.840.113549.1.7.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

/** As many as OpenSSL 3 uses; the password is what protects the key. */
const ITERATIONS = 2048;
const SALT_BYTES = 16;

/** What browsers and Java take: the key encrypted with AES-256, a MAC with SHA-256. */
export function makePkcs12(
  texts: { readonly certificatePem: string; readonly keyPem: string },
  password: string,
  random: (bytes: number) => Buffer,
): Result<Buffer, string> {
  if (password === '') return err('its password would be empty');
  const key = readPrivateKey(texts.keyPem, 'peershift');
  if (!key.ok) return key;
  const chain = parseCertificates(texts.certificatePem, 'leaf');
  if (!chain.ok) return chain;
  const [leaf] = chain.value;
  if (leaf?.certificate.keyId !== keyIdOf(key.value)) {
    return err('the key is not that of the first certificate');
  }
  const mark = localKeyId(createHash('sha1').update(leaf.x509.raw).digest());
  const certificates = chain.value.map(({ x509 }, index) =>
    bag(ID.certificate, certificateBag(x509.raw), index === 0 ? mark : []),
  );
  const shrouded = key.value.export({
    type: 'pkcs8',
    format: 'der',
    cipher: 'aes-256-cbc',
    passphrase: password,
  });
  const keys = [bag(ID.shroudedKey, readDer(shrouded), mark)];
  const safe = derBytes(
    sequence([contentInfo(sequence(certificates)), contentInfo(sequence(keys))]),
  );
  const salt = random(SALT_BYTES);
  const mac = createHmac('sha256', pkcs12MacKey(password, salt, ITERATIONS))
    .update(safe)
    .digest();
  return ok(
    derBytes(
      sequence([
        primitive(TAG.integer, Buffer.of(3)),
        sequence([oid(ID.data), context(0, [primitive(TAG.octets, safe)])]),
        sequence([
          sequence([
            sequence([oid(ID.sha256), primitive(TAG.null, '')]),
            primitive(TAG.octets, mac),
          ]),
          primitive(TAG.octets, salt),
          primitive(TAG.integer, Buffer.of(ITERATIONS >> 8, ITERATIONS & 0xff)),
        ]),
      ]),
    ),
  );
}

function contentInfo(content: Der): Der {
  return sequence([oid(ID.data), context(0, [primitive(TAG.octets, derBytes(content))])]);
}

function certificateBag(der: Buffer): Der {
  return sequence([oid(ID.x509), context(0, [primitive(TAG.octets, der)])]);
}

function bag(id: string, value: Der, attributes: readonly Der[]): Der {
  const marks = attributes.length === 0 ? [] : [set(attributes)];
  return sequence([oid(id), context(0, [value]), ...marks]);
}

/** Says which certificate the key belongs to. */
function localKeyId(id: Buffer): readonly Der[] {
  return [sequence([oid(ID.localKeyId), set([primitive(TAG.octets, id)])])];
}
