/** Turns the bytes of a certificate request (PKCS#10, RFC 2986) into what it asks for. */

import { createPublicKey, verify } from 'node:crypto';

import { type Result, err, ok } from '../../base/result.ts';
import type { InspectedRequest } from '../../model/inspected-file.ts';
import { type Der, contentOf, derBytes, isContext, oidOf, partsOf, readDer } from './der.ts';
import { EXTENSION } from './inspect.ts';
import { keyIdOf, keyKindOf } from './key.ts';
import { commonNameOf, subjectAltNames } from './names.ts';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** Also proves that whoever asks has the key: its signature is checked. */
export function readRequest(bytes: Buffer): Result<InspectedRequest, string> {
  try {
    return requestOf(readDer(bytes));
  } catch {
    return err('its bytes are not a certificate request (cut off, damaged or mixed up)');
  }
}

function requestOf(request: Der): Result<InspectedRequest, string> {
  const [body, algorithm, signature] = partsOf(request);
  const [, subject, spki] = partsOf(body);
  if (body === undefined || subject === undefined || spki === undefined) {
    return err('it is no certificate request');
  }
  const publicKey = createPublicKey({ key: derBytes(spki), format: 'der', type: 'spki' });
  const digest = DIGESTS[oidOf(partsOf(algorithm)[0])];
  const bits = Buffer.from(contentOf(signature).slice(1), 'latin1');
  if (digest !== undefined && !verify(digest, derBytes(body), publicKey, bits)) {
    return err('its signature is not of the key in it');
  }
  const name = commonNameOf(subject, 'subject');
  if (!name.ok) return name;
  const names = subjectAltNames(altNamesOf(body));
  if (!names.ok) return names;
  const kind = keyKindOf(publicKey);
  if (!kind.ok) return err(`its key ${kind.error}`);
  return ok({
    commonName: name.value,
    dnsNames: names.value.dnsNames,
    ipAddresses: names.value.ipAddresses,
    keyId: keyIdOf(publicKey),
    keyKind: kind.value,
  });
}

/** The value of the SAN extension that is asked for. */
function altNamesOf(body: Der): string | undefined {
  const attributes = partsOf(partsOf(body).find((part) => isContext(part, 0)));
  const asked = attributes.find((one) => oidOf(partsOf(one)[0]) === EXTENSION_REQUEST);
  const extensions = partsOf(partsOf(partsOf(asked)[1])[0]);
  const names = extensions.find((one) => oidOf(partsOf(one)[0]) === EXTENSION.subjectAltName);
  return names === undefined ? undefined : contentOf(partsOf(names).at(-1));
}
