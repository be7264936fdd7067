/**
 * Goal: what we issue is accepted by others. Method: the real openssl verifies every mix of CA and
 * leaf keys in its strict mode for both uses, and leaves under a CA that openssl made itself.
 */

import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { makePki } from '../../../../src/adapters/pki/pki.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../../../src/model/desired.ts';
import {
  type Authority,
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

/** Both purposes, RFC 5280 to the letter. */
function verifyStrictly(ca: string, leaf: string): void {
  on.put('anchor.pem', ca);
  on.put('leaf.pem', leaf);
  for (const purpose of ['sslserver', 'sslclient']) {
    const said = on.openssl(
      'verify',
      '-x509_strict',
      '-purpose',
      purpose,
      '-CAfile',
      'anchor.pem',
      'leaf.pem',
    );
    expect(said).toContain('leaf.pem: OK');
  }
}

describe('every mix of CA key and leaf key passes a strict openssl as server and as client', () => {
  const authorities = new Map<KeyAlgorithm, Authority>();
  beforeAll(async () => {
    for (const algorithm of KEY_ALGORITHMS) authorities.set(algorithm, await authority(algorithm));
  }, 60_000);

  for (const algorithm of KEY_ALGORITHMS) {
    test(`a leaf with ${algorithm} under each CA`, { timeout: 60_000 }, async () => {
      for (const [caAlgorithm, ca] of authorities) {
        const leaf = await leafOf(ca, { algorithm });
        verifyStrictly(ca.certificatePem, leaf.certificatePem);
        expect(pki.trustedBy(leaf.certificatePem, [ca.certificatePem])).toEqual([
          idOf(ca.certificatePem),
        ]);
        const text = on.openssl('x509', '-in', 'leaf.pem', '-noout', '-text');
        expect(text).toContain(
          {
            'ecdsa-p256': 'Signature Algorithm: ecdsa-with-SHA256',
            'ecdsa-p384': 'Signature Algorithm: ecdsa-with-SHA384',
            'rsa-2048': 'Signature Algorithm: sha256WithRSAEncryption',
            'rsa-4096': 'Signature Algorithm: sha256WithRSAEncryption',
          }[caAlgorithm],
        );
        expect(text.includes('Key Encipherment')).toBe(algorithm.startsWith('rsa'));
      }
    });
  }
});

describe('the content of a leaf', () => {
  test('it has the names that were asked for, in the form in which they are compared', async () => {
    const leaf = await leafOf(await authority(), {
      dnsNames: ['m1.example', '*.peers.example'],
      ipAddresses: ['10.0.0.1', 'FD00:0:0::1', '::1', '::ffff:10.0.0.2', '64:ff9b::10.0.0.1'],
    });
    expect(leaf.certificate).toMatchObject({
      commonName: 'm1',
      subject: 'CN=m1',
      issuer: 'CN=test CA',
      dnsNames: ['m1.example', '*.peers.example'],
      ipAddresses: ['10.0.0.1', 'fd00::1', '::1', '10.0.0.2', '64:ff9b::a00:1'],
      isCa: false,
      serverAuth: true,
      clientAuth: true,
      keyKind: 'ECDSA P-256',
    });
    expect(pki.readKeyId(leaf.keyPem)).toEqual({ ok: true, value: leaf.certificate.keyId });
    const node = new X509Certificate(leaf.certificatePem);
    for (const address of ['10.0.0.1', 'fd00::1', '::1', '10.0.0.2', '64:ff9b::a00:1']) {
      expect(node.checkIP(address), address).toBeDefined();
    }
  });

  for (const commonName of ['m_1', 'é', 'a@b', '日本', 'x, O=y']) {
    test(`the common name "${commonName}" is UTF8String and comes back as it was`, async () => {
      const ca = await authority('ecdsa-p256', commonName);
      const leaf = await leafOf(ca, { commonName });
      expect(leaf.certificate.commonName).toBe(commonName);
      verifyStrictly(ca.certificatePem, leaf.certificatePem);
      const structure = on.openssl('asn1parse', '-in', 'leaf.pem');
      expect(structure).toContain('UTF8STRING');
      expect(structure).not.toContain('PRINTABLESTRING');
    });
  }

  test('it begins five minutes back and ends with its days, or with its CA if sooner', async () => {
    const nowMs = Date.parse('2030-01-02T03:04:05Z');
    const fixed = makePki(
      () => nowMs,
      (bytes) => Buffer.alloc(bytes, 0xff),
    );
    const made = await fixed.makeAuthority('CA', 'ecdsa-p256', 10);
    if (!made.ok) throw new Error(made.error.but);
    const datesOf = async (days: number): Promise<readonly (string | undefined)[]> => {
      const issued = await fixed.issueLeaf(made.value, request({ days }));
      if (!issued.ok) throw new Error(issued.error.but);
      const { notBeforeMs, notAfterMs } = issued.value.certificate;
      return [notBeforeMs, notAfterMs].map((ms) => new Date(ms).toISOString());
    };
    expect(await datesOf(3)).toEqual(['2030-01-02T02:59:05.000Z', '2030-01-05T03:04:05.000Z']);
    expect(await datesOf(99)).toEqual(['2030-01-02T02:59:05.000Z', '2030-01-12T03:04:05.000Z']);
  });

  test('a date from 2050 on is a GeneralizedTime', async () => {
    const made = await pki.makeAuthority('CA', 'ecdsa-p256', 36_500);
    if (!made.ok) throw new Error(made.error.but);
    on.put('long.pem', made.value.certificatePem);
    expect(on.openssl('asn1parse', '-in', 'long.pem')).toContain('GENERALIZEDTIME');
    const read = pki.readCertificates(made.value.certificatePem);
    expect(read.ok && (read.value[0]?.notAfterMs ?? 0) > Date.parse('2100-01-01')).toBe(true);
  });

  test.each([0x00, 0x80, 0xff])(
    'the serial is positive and minimal when the random bytes are all %i',
    async (byte) => {
      const fixed = makePki(Date.now, (bytes) => Buffer.alloc(bytes, byte));
      const made = await fixed.makeAuthority('CA', 'ecdsa-p256', 10);
      if (!made.ok) throw new Error(made.error.but);
      const serial = new X509Certificate(made.value.certificatePem).serialNumber;
      expect(serial).toHaveLength(32);
      expect(Number.parseInt(serial.slice(0, 2), 16)).toBeGreaterThanOrEqual(0x40);
      expect(Number.parseInt(serial.slice(0, 2), 16)).toBeLessThan(0x80);
    },
  );

  test('nine leaves with ECDSA keys take less than two seconds', async () => {
    const ca = await authority();
    const startMs = performance.now();
    const ids = new Set<string>();
    for (let member = 1; member <= 9; member += 1) {
      ids.add((await leafOf(ca, { commonName: `m${String(member)}` })).certificate.keyId);
    }
    expect(ids.size).toBe(9);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});

describe('a CA that was there before', () => {
  test('with PrintableString names and an odd key id: both are copied byte for byte', async () => {
    const extensions = [
      'basicConstraints=critical,CA:TRUE',
      'keyUsage=critical,keyCertSign',
      'subjectKeyIdentifier=0102FF',
    ];
    const ca = opensslCa(on, 'old', { stringMask: 'nombstr', extensions });
    const leaf = await leafOf(ca);
    verifyStrictly(ca.certificatePem, leaf.certificatePem);
    const structure = on.openssl('asn1parse', '-in', 'leaf.pem');
    expect(structure).toMatch(/PRINTABLESTRING\s+:old root/);
    const keyIds = on.openssl(
      'x509',
      '-in',
      'leaf.pem',
      '-noout',
      '-ext',
      'authorityKeyIdentifier',
    );
    expect(keyIds).toContain('01:02:FF');
    expect(pki.trustedBy(leaf.certificatePem, [ca.certificatePem])).toHaveLength(1);
  });

  test('the right one is taken from a bundle by its key', async () => {
    const [one, other] = [
      await authority('ecdsa-p256', 'one'),
      await authority('ecdsa-p256', 'other'),
    ];
    const bundle = one.certificatePem + other.certificatePem;
    const leaf = await leafOf({ certificatePem: bundle, keyPem: other.keyPem });
    expect(leaf.certificate.issuer).toBe('CN=other');
  });

  test('without a key id of its own the leaf gets the one that it would have', async () => {
    const ca = opensslCa(on, 'bare', {
      extensions: ['basicConstraints=critical,CA:TRUE', 'subjectKeyIdentifier=none'],
    });
    const leaf = await leafOf(ca);
    expect(pki.trustedBy(leaf.certificatePem, [ca.certificatePem])).toHaveLength(1);
  });

  const refusedBy = async (ca: Authority): Promise<string> => {
    const issued = await pki.issueLeaf(ca, request());
    if (issued.ok) throw new Error('it was issued');
    expect(issued.error.code).toBe('PKI_FAILED');
    return issued.error.but;
  };

  test('a leaf cannot issue', async () => {
    const leaf = await leafOf(await authority());
    expect(await refusedBy(leaf)).toContain('do not make it a CA');
  });

  test('a CA whose key usage is not for certificates cannot issue', async () => {
    const ca = opensslCa(on, 'crl', {
      extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=cRLSign'],
    });
    expect(await refusedBy(ca)).toContain('do not make it a CA');
  });

  test('a key of another CA is refused', async () => {
    const [one, other] = [await authority(), await authority()];
    const mixed = { certificatePem: one.certificatePem, keyPem: other.keyPem };
    expect(await refusedBy(mixed)).toBe(
      'the CA key fits none of the 1 certificates in the CA file',
    );
  });

  test('an expired CA and one that is not valid yet are refused with the date', async () => {
    const ca = await authority();
    const askedAt = async (nowMs: number): Promise<string> => {
      const issued = await makePki(
        () => nowMs,
        (bytes) => Buffer.alloc(bytes),
      ).issueLeaf(ca, request());
      return issued.ok ? 'issued' : issued.error.but;
    };
    expect(await askedAt(Date.now() + 31 * 86_400_000)).toMatch(/^it expired at \d{4}-/);
    expect(await askedAt(Date.now() - 86_400_000)).toMatch(/^it is valid only from \d{4}-/);
  });

  test('name constraints that leave a member out are found before the leaf is handed out', async () => {
    const constraints =
      'nameConstraints=critical,permitted;IP:192.168.0.0/255.255.0.0,permitted;DNS:example';
    const ca = opensslCa(on, 'narrow', {
      extensions: [...CA_BELOW, constraints],
    });
    expect(await refusedBy(ca)).toContain('the name constraints of its CA do not allow 10.0.0.1');
    const fine = await leafOf(ca, { ipAddresses: ['192.168.7.7'] });
    verifyStrictly(ca.certificatePem, fine.certificatePem);
  });

  test('a CA for servers only cannot issue a peer certificate', async () => {
    const ca = opensslCa(on, 'servers', {
      extensions: ['basicConstraints=critical,CA:TRUE', 'extendedKeyUsage=serverAuth'],
    });
    expect(await refusedBy(ca)).toContain('does not allow all uses of the leaf');
  });

  test('an intermediate CA can issue', async () => {
    opensslCa(on, 'top');
    const middle = opensslIssue(on, 'top', 'middle', [
      'basicConstraints=critical,CA:TRUE',
      'keyUsage=critical,keyCertSign',
      'subjectKeyIdentifier=hash',
    ]);
    const leaf = await leafOf(middle);
    expect(pki.trustedBy(leaf.certificatePem, [middle.certificatePem])).toEqual([
      idOf(middle.certificatePem),
    ]);
  });
});

describe('what cannot stand in a certificate is refused', () => {
  test.each([
    ['no SAN', { dnsNames: [], ipAddresses: [] }, 'no SAN was asked for'],
    [
      'an address as a DNS name',
      { dnsNames: ['10.0.0.1'] },
      'is an IP address and was given as a DNS name',
    ],
    [
      'a URL as a DNS name',
      { dnsNames: ['https://m1:2380'] },
      'the SAN "https://m1:2380" is not a DNS name',
    ],
    ['a dot at the end', { dnsNames: ['m1.example.'] }, 'is not a DNS name'],
    ['a line end', { dnsNames: ['a\nb'] }, 'the SAN "a?b" is not a DNS name'],
    ['a comma list', { dnsNames: ['a, IP Address:10.0.0.9'] }, 'is not a DNS name'],
    ['half an address', { ipAddresses: ['10.0.0'] }, 'the SAN "10.0.0" is not an IP address'],
    ['an address with a zone', { ipAddresses: ['fe80::1%eth0'] }, 'is not an IP address'],
    ['an empty common name', { commonName: ' ' }, 'the common name is empty'],
    ['a control character', { commonName: 'a\u001b[2J' }, 'has a control character'],
    ['half a character', { commonName: '\ud800' }, 'is not well-formed'],
    ['a very long name', { commonName: 'x'.repeat(300) }, 'has 300 characters, more than 253'],
    ['no days', { days: 0 }, '0 days are not between 1 and 36500'],
    ['part of a day', { days: 1.5 }, '1.5 days are not'],
  ])('%s', async (_name, wish, reason) => {
    const issued = await pki.issueLeaf(await authority(), request(wish));
    expect(issued.ok ? 'issued' : issued.error.but).toContain(reason);
    expect(issued.ok ? '\u0000' : Object.values(issued.error).join('')).not.toMatch(
      /[\u0000-\u001f]/,
    );
  });

  test('a CA without a name or with too many days is refused', async () => {
    const nameless = await pki.makeAuthority('', 'ecdsa-p256', 1);
    const endless = await pki.makeAuthority('CA', 'ecdsa-p256', 40_000);
    expect(nameless.ok ? 'made' : nameless.error.but).toBe('the common name is empty');
    expect(endless.ok ? 'made' : endless.error.but).toContain('40000 days');
  });
});

describe('another leaf for a key that stays where it is', () => {
  test('has that key and the new names, and a strict openssl takes it', async () => {
    const ca = await authority();
    const old = await leafOf(ca, { ipAddresses: ['10.0.0.1'], dnsNames: [] });
    const wish = request({ ipAddresses: ['10.0.0.1', '127.0.0.1'], dnsNames: [] });
    const again = pki.reissueLeaf(ca, wish, old.certificatePem);
    if (!again.ok) throw new Error(again.error.but);
    const { certificatePem, certificate } = again.value;
    expect(certificate.keyId).toBe(old.certificate.keyId);
    expect(certificate.fingerprint).not.toBe(old.certificate.fingerprint);
    expect(certificate.ipAddresses).toEqual(['10.0.0.1', '127.0.0.1']);
    verifyStrictly(ca.certificatePem, certificatePem);
    expect(JSON.stringify(again.value)).not.toContain('PRIVATE KEY');
  });

  test('needs a leaf to be there', async () => {
    const made = pki.reissueLeaf(await authority(), request({}), 'not PEM');
    expect(made.ok ? 'made' : made.error.code).toBe('PKI_FAILED');
  });
});
