/**
 * Goal: a CA is named as trusting a leaf only when etcd would accept the chain. Method: chains made
 * by the real openssl, each with one thing that Go's verifier looks at.
 */

import { createPrivateKey, createPublicKey } from 'node:crypto';

import { afterAll, describe, expect, test } from 'vitest';

import { makePki } from '../../../../src/adapters/pki/pki.ts';
import {
  CA_BELOW,
  authority,
  bench,
  idOf,
  leafOf,
  opensslCa,
  opensslIssue,
  pki,
  request,
} from './openssl.ts';

const on = bench();
afterAll(() => {
  on.end();
});

const PEER = [
  'basicConstraints=critical,CA:FALSE',
  'subjectAltName=DNS:m1.example,IP:10.0.0.1,IP:fd00::1',
];

/** root, a CA below it and a leaf below that, of openssl's making. */
function threeStoreys(name: string, rootExtensions = CA_BELOW, middleExtensions = CA_BELOW) {
  const root = opensslCa(on, `${name}-root`, { extensions: rootExtensions });
  const middle = opensslIssue(on, `${name}-root`, `${name}-middle`, middleExtensions);
  const leaf = opensslIssue(on, `${name}-middle`, `${name}-leaf`, PEER);
  return { root: root.certificatePem, middle: middle.certificatePem, leaf: leaf.certificatePem };
}

describe('which CAs verify a leaf', () => {
  test('the one that issued it, also in a bundle, and once when two files hold it', async () => {
    const [own, other] = [await authority(), await authority()];
    const { certificatePem } = await leafOf(own);
    const bundle = `old and new\r\n${other.certificatePem}${own.certificatePem}`;
    const trusted = pki.trustedBy(certificatePem, [
      bundle,
      own.certificatePem,
      other.certificatePem,
    ]);
    expect(trusted).toEqual([idOf(own.certificatePem)]);
  });

  test('not one that only has the same name', async () => {
    const [own, impostor] = [await authority(), await authority()];
    const { certificatePem } = await leafOf(own);
    expect(pki.trustedBy(certificatePem, [impostor.certificatePem])).toEqual([]);
  });

  test('a renewed CA with the same name and key verifies the old leaves', () => {
    opensslCa(on, 'renewed');
    const leaf = opensslIssue(on, 'renewed', 'renewed-leaf', PEER).certificatePem;
    on.openssl(
      'req',
      '-x509',
      '-days',
      '99',
      '-config',
      'renewed.cnf',
      '-extensions',
      'ca',
      '-key',
      'renewed-key.pem',
      '-out',
      'again.pem',
    );
    const texts = [on.get('renewed.pem'), on.get('again.pem')];
    expect(pki.trustedBy(leaf, texts)).toEqual(texts.map(idOf));
  });

  test('the root, when the CA between stands behind the leaf in its file, in any order', () => {
    const { root, middle, leaf } = threeStoreys('chain');
    const { middle: foreign } = threeStoreys('foreign');
    expect(pki.trustedBy(leaf + middle, [root])).toEqual([idOf(root)]);
    expect(pki.trustedBy(leaf + foreign + middle, [root])).toEqual([idOf(root)]);
    expect(pki.trustedBy(leaf + foreign, [root])).toEqual([]);
    expect(pki.trustedBy(leaf, [root])).toEqual([]);
  });

  test('a CA between that is in the pool itself, though it is not self-signed', () => {
    const { root, middle, leaf } = threeStoreys('anchor');
    expect(pki.trustedBy(leaf, [middle])).toEqual([idOf(middle)]);
    expect(pki.trustedBy(leaf + middle, [middle + root])).toEqual([idOf(middle), idOf(root)]);
  });

  test('a CA in the pool is never an intermediate for another one', () => {
    const { root, middle, leaf } = threeStoreys('pool');
    expect(pki.trustedBy(leaf, [root + middle])).toEqual([idOf(middle)]);
  });

  test('the leaf itself, when it stands in the pool', async () => {
    const { certificatePem } = await leafOf(await authority());
    expect(pki.trustedBy(certificatePem, [certificatePem])).toEqual([idOf(certificatePem)]);
  });

  test('dates aside: an expired leaf is still verified, and its dates say the rest', async () => {
    const past = makePki(
      () => Date.parse('2020-01-01T00:00:00Z'),
      (bytes) => Buffer.alloc(bytes, 7),
    );
    const made = await past.makeAuthority('CA', 'ecdsa-p256', 30);
    if (!made.ok) throw new Error(made.error.but);
    const issued = await past.issueLeaf(made.value, request({ days: 3 }));
    if (!issued.ok) throw new Error(issued.error.but);
    const leaf = pki.readLeaf(issued.value.certificatePem, [made.value.certificatePem]);
    expect(leaf.ok ? leaf.value.trustedBy : leaf.error).toEqual([idOf(made.value.certificatePem)]);
    expect(leaf.ok ? leaf.value.notAfterMs : leaf.error).toBe(Date.parse('2020-01-04T00:00:00Z'));
  });
});

describe('chains that etcd refuses', () => {
  const trusts = (chain: { root: string; middle: string; leaf: string }): boolean =>
    pki.trustedBy(chain.leaf + chain.middle, [chain.root]).length > 0;

  test('more CAs below the root than it allows', () => {
    expect(trusts(threeStoreys('long', ['basicConstraints=critical,CA:TRUE,pathlen:0']))).toBe(
      false,
    );
    expect(trusts(threeStoreys('fits', ['basicConstraints=critical,CA:TRUE,pathlen:1']))).toBe(
      true,
    );
  });

  test('an issuer that is no CA', () => {
    expect(trusts(threeStoreys('plain', CA_BELOW, ['basicConstraints=critical,CA:FALSE']))).toBe(
      false,
    );
    expect(trusts(threeStoreys('absent', CA_BELOW, ['keyUsage=digitalSignature']))).toBe(false);
  });

  test('a CA whose key usage or extended key usage is for something else', () => {
    const crl = ['basicConstraints=critical,CA:TRUE', 'keyUsage=cRLSign'];
    expect(trusts(threeStoreys('crl', CA_BELOW, crl))).toBe(false);
    expect(
      trusts(threeStoreys('mail', CA_BELOW, [...CA_BELOW, 'extendedKeyUsage=emailProtection'])),
    ).toBe(false);
    expect(
      trusts(
        threeStoreys('both', CA_BELOW, [...CA_BELOW, 'extendedKeyUsage=serverAuth,clientAuth']),
      ),
    ).toBe(true);
  });

  test('a critical extension that Go does not understand, in the CA or in the leaf', () => {
    const odd = '1.2.3.4=critical,ASN1:NULL';
    expect(trusts(threeStoreys('odd', CA_BELOW, [...CA_BELOW, odd]))).toBe(false);
    const ca = opensslCa(on, 'odd-ca').certificatePem;
    const leaf = opensslIssue(on, 'odd-ca', 'odd-leaf', [...PEER, odd]).certificatePem;
    expect(pki.trustedBy(leaf, [ca])).toEqual([]);
    expect(pki.readLeaf(leaf, [ca])).toEqual({
      ok: false,
      error: 'it has the critical extension 1.2.3.4, which etcd does not understand',
    });
  });

  test('a leaf that is signed with SHA-1', () => {
    const ca = opensslCa(on, 'sha1-ca').certificatePem;
    const leaf = opensslIssue(on, 'sha1-ca', 'sha1-leaf', PEER, [
      '-days',
      '9',
      '-sha1',
    ]).certificatePem;
    expect(pki.trustedBy(leaf, [ca])).toEqual([]);
  });

  test('a CA whose name has the same letters in another encoding: OpenSSL says yes, Go no', () => {
    const extensions = [...CA_BELOW, 'subjectKeyIdentifier=none'];
    opensslCa(on, 'coded', { extensions });
    const plain = [...PEER, 'authorityKeyIdentifier=none'];
    const leaf = opensslIssue(on, 'coded', 'coded-leaf', plain).certificatePem;
    on.put('coded2.cnf', on.get('coded.cnf').replace('utf8only', 'nombstr'));
    on.openssl(
      'req',
      '-x509',
      '-days',
      '9',
      '-config',
      'coded2.cnf',
      '-extensions',
      'ca',
      '-key',
      'coded-key.pem',
      '-out',
      'coded2.pem',
    );
    expect(on.openssl('verify', '-CAfile', 'coded2.pem', 'coded-leaf.pem')).toContain('OK');
    expect(pki.trustedBy(leaf, [on.get('coded2.pem')])).toEqual([]);
    expect(pki.trustedBy(leaf, [on.get('coded.pem')])).toHaveLength(1);
  });

  test('two CAs that signed each other end in no circle', () => {
    const { root, leaf, middle } = threeStoreys('circle');
    const below = (from: string): string =>
      on.openssl(
        'x509',
        '-req',
        '-in',
        'circle-middle.csr',
        '-CA',
        `${from}.pem`,
        '-CAkey',
        `${from}-key.pem`,
        '-extfile',
        'circle-middle.ext',
        '-days',
        '5',
      );
    const texts = [below('circle-middle'), below('circle-root'), middle, below('circle-root')];
    const stranger = opensslCa(on, 'stranger').certificatePem;
    expect(pki.trustedBy(leaf + texts.join(''), [root, stranger])).toEqual([idOf(root)]);
  });

  test('one flipped bit in the signature', async () => {
    const ca = await authority();
    const { certificatePem } = await leafOf(ca);
    const der = Buffer.from(certificatePem.split('\n').slice(1, -2).join(''), 'base64');
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    const mark = (word: string): string => `-----${word} CERTIFICATE-----`;
    const flipped = `${mark('BEGIN')}\n${der.toString('base64')}\n${mark('END')}\n`;
    expect(pki.readCertificates(flipped).ok).toBe(true);
    expect(pki.trustedBy(flipped, [ca.certificatePem])).toEqual([]);
  });

  test.each([
    ['permitted;DNS:example', true],
    ['permitted;DNS:.example', true],
    ['permitted;DNS:other.example', false],
    ['excluded;DNS:m1.example', false],
    ['excluded;DNS:1.example', true],
    ['permitted;IP:10.0.0.0/255.0.0.0,permitted;IP:fd00::/ffff::', true],
    ['permitted;IP:10.0.0.0/255.0.0.0', false],
    ['excluded;IP:fd00::/ffff::', false],
    ['excluded;IP:192.168.0.0/255.255.0.0', true],
    ['permitted;email:example', true],
    ['critical,permitted;dirName:who', false],
  ])('name constraints of the CA: %s lets the leaf through: %s', (constraint, isTrusted) => {
    const extensions = [...CA_BELOW, `nameConstraints=${constraint}`, '[who]', 'O=Example'];
    expect(trusts(threeStoreys('named', CA_BELOW, extensions))).toBe(isTrusted);
  });
});

describe('texts that are no help', () => {
  test('a broken pool, an empty one and one with a key in it trust nobody', async () => {
    const ca = await authority();
    const { certificatePem } = await leafOf(ca);
    const texts = ['', 'hello', ca.certificatePem.slice(0, -40), ca.certificatePem + ca.keyPem];
    expect(pki.trustedBy(certificatePem, texts)).toEqual([]);
  });

  test('a leaf file may hold the key as well', async () => {
    const ca = await authority();
    const { certificatePem, keyPem } = await leafOf(ca);
    const leaf = pki.readLeaf(keyPem + certificatePem, [ca.certificatePem]);
    expect(leaf.ok ? leaf.value.trustedBy : leaf.error).toEqual([idOf(ca.certificatePem)]);
    const publicHalf = createPublicKey(createPrivateKey(keyPem));
    expect(publicHalf.asymmetricKeyType).toBe('ec');
    expect(pki.readKeyId(keyPem + certificatePem)).toEqual({
      ok: true,
      value: leaf.ok ? leaf.value.keyId : '',
    });
  });

  test('a leaf with a key that TLS in Go cannot use is refused with its kind', () => {
    opensslCa(on, 'pss-ca');
    on.openssl(
      'genpkey',
      '-algorithm',
      'RSA-PSS',
      '-pkeyopt',
      'rsa_keygen_bits:2048',
      '-out',
      'pss-key.pem',
    );
    on.openssl('req', '-new', '-key', 'pss-key.pem', '-subj', '/CN=pss', '-out', 'pss.csr');
    on.openssl(
      'x509',
      '-req',
      '-in',
      'pss.csr',
      '-CA',
      'pss-ca.pem',
      '-CAkey',
      'pss-ca-key.pem',
      '-CAcreateserial',
      '-out',
      'pss.pem',
    );
    const leaf = pki.readLeaf(on.get('pss.pem'), []);
    expect(leaf).toEqual({
      ok: false,
      error: 'its key is of the kind RSA-PSS, which etcd cannot use for TLS',
    });
  });
});
