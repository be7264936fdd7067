/**
 * Goal: certificates are read as Go reads them, and no text, however broken, throws. Method: files of
 * openssl's making, single bytes exchanged in them, and a seeded corpus of cuts and flipped bits.
 */

import { afterAll, describe, expect, test } from 'vitest';

import {
  type Authority,
  authority,
  bench,
  leafOf,
  opensslCa,
  opensslIssue,
  pki,
} from './openssl.ts';

const on = bench();
afterAll(() => {
  on.end();
});

const reasonOf = (text: string): string => {
  const read = pki.readCertificates(text);
  return read.ok ? 'no reason' : read.error;
};

const pemOf = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;

const derOf = (pem: string): Buffer => Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64');

describe('PEM texts', () => {
  test('several certificates in any order, with CRLF, text around them and no last line end', async () => {
    const [one, two] = [await authority('ecdsa-p256', 'one'), await authority('ecdsa-p384', 'two')];
    const text = `subject=CN = two\n\n${two.certificatePem}\n# and\n${one.certificatePem}`;
    for (const form of [text, text.replaceAll('\n', '\r\n'), text.trimEnd()]) {
      const read = pki.readCertificates(form);
      const found = read.ok
        ? read.value.map((one) => [one.commonName, one.keyKind, one.isCa])
        : read.error;
      expect(found).toEqual([
        ['two', 'ECDSA P-384', true],
        ['one', 'ECDSA P-256', true],
      ]);
    }
  });

  test('what is not there or not whole is told with its line', async () => {
    const { certificatePem: pem, keyPem } = await authority();
    const lines = pem.split('\n');
    expect(reasonOf('')).toContain('it has no PEM certificate');
    expect(reasonOf('hello')).toContain('it has no PEM certificate');
    expect(reasonOf(pem.slice(0, 200))).toBe('the CERTIFICATE that begins in line 1 does not end');
    expect(reasonOf(lines.slice(1).join('\n'))).toMatch(
      /^line \d+ ends a CERTIFICATE that nothing has begun$/,
    );
    expect(reasonOf(pem.slice(0, 200) + '\n' + pem)).toContain('does not end before the next one');
    expect(reasonOf(pem.replace('END CERTIFICATE', 'END OTHER'))).toContain('ends a OTHER');
    expect(reasonOf(pem.replace(lines[2] ?? '', '*'))).toBe(
      'the CERTIFICATE that begins in line 1 is not base64 text',
    );
    expect(reasonOf(`x${pem}`)).toContain(
      'line 1 has a BEGIN or END mark that is not on a line of its own',
    );
    expect(reasonOf(keyPem)).toBe('it has a PRIVATE KEY block; etcd takes CERTIFICATE blocks only');
    expect(reasonOf(pem.replaceAll(' CERT', ' TRUSTED CERT'))).toContain(
      'it has a TRUSTED CERTIFICATE block',
    );
    expect(reasonOf('x'.repeat(3_000_000))).toContain('3000000 characters');
  });

  test('a broken certificate is told by its place among the others', async () => {
    const { certificatePem } = await authority();
    const cut = pemOf(derOf(certificatePem).subarray(0, 100));
    const longer = pemOf(Buffer.concat([derOf(certificatePem), Buffer.from('more')]));
    expect(reasonOf(certificatePem + cut)).toContain(
      'certificate 2 of 2: its bytes are not a certificate',
    );
    expect(reasonOf(longer)).toBe('certificate 1 of 1: other bytes stand behind the certificate');
  });
});

describe('what stands in a certificate', () => {
  const issued = (name: string, extensions: readonly string[]) => {
    const read = pki.readCertificates(opensslIssue(on, 'ca', name, extensions).certificatePem);
    if (!read.ok) throw new Error(read.error);
    return read.value[0];
  };
  opensslCa(on, 'ca');

  test.each([
    ['serverAuth', { serverAuth: true, clientAuth: false }],
    ['clientAuth', { serverAuth: false, clientAuth: true }],
    ['clientAuth,serverAuth', { serverAuth: true, clientAuth: true }],
    ['anyExtendedKeyUsage', { serverAuth: true, clientAuth: true }],
    ['emailProtection', { serverAuth: false, clientAuth: false }],
    [undefined, { serverAuth: true, clientAuth: true }],
  ])('extended key usage %s', (usage, expected) => {
    const extensions = usage === undefined ? [] : [`extendedKeyUsage=${usage}`];
    expect(issued('usage', ['basicConstraints=CA:FALSE', ...extensions])).toMatchObject(expected);
  });

  test('SANs of other kinds are left out, and a name cannot pretend to be another one', () => {
    const lines = [
      'subjectAltName=@names',
      '[names]',
      'DNS.1=m1,IP:10.0.0.9',
      'email.1=a@b.example',
      'URI.1=spiffe://x/y',
      'IP.1=fd00:0:0:1::2',
    ];
    expect(issued('quoted', lines)).toMatchObject({
      dnsNames: ['m1,IP:10.0.0.9'],
      ipAddresses: ['fd00:0:0:1::2'],
    });
    const spaced = opensslIssue(on, 'ca', 'spaced', [
      'subjectAltName=@names',
      '[names]',
      'DNS.1=m1, IP Address:10.0.0.9',
    ]);
    expect(reasonOf(spaced.certificatePem)).toContain(
      'a DNS name in its SANs is not plain ASCII text',
    );
  });

  test('an old certificate without extensions is read: no SANs, no CA, all uses', () => {
    on.openssl('req', '-new', '-key', 'ca-key.pem', '-subj', '/CN=v1', '-out', 'v1.csr');
    on.openssl('x509', '-req', '-in', 'v1.csr', '-key', 'ca-key.pem', '-out', 'v1.pem');
    const read = pki.readCertificates(on.get('v1.pem'));
    expect(read.ok ? read.value[0] : read.error).toMatchObject({
      subject: 'CN=v1',
      dnsNames: [],
      ipAddresses: [],
      isCa: false,
      serverAuth: true,
      clientAuth: true,
    });
  });

  test('the last common name counts, and a name without one has none', () => {
    on.openssl(
      'req',
      '-x509',
      '-key',
      'ca-key.pem',
      '-subj',
      '/O=Example/CN=first/CN=last',
      '-out',
      'two.pem',
    );
    on.openssl('req', '-x509', '-key', 'ca-key.pem', '-subj', '/O=Example', '-out', 'none.pem');
    const read = pki.readCertificates(on.get('two.pem') + on.get('none.pem'));
    const found = read.ok ? read.value.map(({ commonName, subject }) => [commonName, subject]) : [];
    expect(found).toEqual([
      ['last', 'O=Example, CN=first, CN=last'],
      [undefined, 'O=Example'],
    ]);
  });

  test('a PrintableString with an underscore is refused: openssl reads it, etcd does not', () => {
    const printable = opensslCa(on, 'printable', { stringMask: 'nombstr' }).certificatePem;
    const der = derOf(printable).toString('latin1').replaceAll('printable root', 'printable_root');
    const text = pemOf(Buffer.from(der, 'latin1'));
    on.put('underscore.pem', text);
    expect(on.openssl('x509', '-in', 'underscore.pem', '-noout', '-subject')).toContain(
      'printable_root',
    );
    expect(reasonOf(printable)).toBe('no reason');
    expect(reasonOf(text)).toContain(
      'its subject has a PrintableString with a character that is not printable',
    );
  });

  test('an IA5String that is not ASCII is refused, as Go does', () => {
    const subject = ['-subj', '/CN=mail/emailAddress=who@example'];
    on.openssl('req', '-x509', '-key', 'ca-key.pem', ...subject, '-out', 'mail.pem');
    const der = derOf(on.get('mail.pem')).toString('latin1').replaceAll('who@', 'wh\xf6@');
    expect(reasonOf(on.get('mail.pem'))).toBe('no reason');
    expect(reasonOf(pemOf(Buffer.from(der, 'latin1')))).toContain('an IA5String that is not ASCII');
  });

  test('a name that is not UTF-8 and a SAN address of five bytes are refused', () => {
    const der = derOf(opensslCa(on, 'utf8').certificatePem).toString('latin1');
    const broken = pemOf(Buffer.from(der.replaceAll('utf8 root', 'utf\xff root'), 'latin1'));
    expect(reasonOf(broken)).toContain('its bytes are not a certificate');
    const odd = opensslIssue(on, 'ca', 'odd', ['subjectAltName=DER:30:07:87:05:01:02:03:04:05']);
    expect(reasonOf(odd.certificatePem)).toContain('an IP address in its SANs has 5 bytes');
  });

  test('a key on a curve that Go does not know is refused by its name', () => {
    on.openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:secp256k1',
      '-nodes',
      '-subj',
      '/CN=k1',
      '-keyout',
      'k1-key.pem',
      '-out',
      'k1.pem',
    );
    expect(reasonOf(on.get('k1.pem'))).toContain(
      'its key is on the curve secp256k1, which etcd does not know',
    );
    expect(pki.readKeyId(on.get('k1-key.pem'))).toEqual({
      ok: false,
      error: 'its key is on the curve secp256k1, which etcd does not know',
    });
  });

  test.each([
    ['rsa:2048', 'RSA 2048'],
    ['ed25519', 'Ed25519'],
  ])('the kind of a key: %s', (newKey, kind) => {
    on.openssl(
      'req',
      '-x509',
      '-newkey',
      newKey,
      '-nodes',
      '-subj',
      '/CN=k',
      '-keyout',
      'kind-key.pem',
      '-out',
      'kind.pem',
    );
    const read = pki.readCertificates(on.get('kind.pem'));
    expect(read.ok ? read.value[0]?.keyKind : read.error).toBe(kind);
    expect(pki.readKeyId(on.get('kind-key.pem'))).toEqual({
      ok: true,
      value: read.ok ? read.value[0]?.keyId : '',
    });
  });
});

describe('broken texts', () => {
  const SEED = 20_261_122;
  const CASES = 400;

  /** Numbers below `limit`, the same ones for the same seed (Lehmer). */
  function numbers(seed: number): (limit: number) => number {
    let state = seed;
    return (limit) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % limit;
    };
  }

  /** A cut, a flipped bit of the text, flipped bits of the DER, or a piece that is missing. */
  function damaged(text: string, pick: (limit: number) => number): string {
    const bytes = Buffer.from(text, 'latin1');
    const at = pick(bytes.length);
    const kind = pick(4);
    if (kind === 0) return text.slice(0, at);
    if (kind === 1) return text.slice(0, at) + text.slice(at + 1 + pick(40));
    if (kind === 2) {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
      return bytes.toString('latin1');
    }
    const [head = '', ...lines] = text.trimEnd().split('\n');
    const tail = lines.pop() ?? '';
    const der = Buffer.from(lines.join(''), 'base64');
    for (let flips = 1 + pick(3); flips > 0; flips -= 1) {
      const place = pick(der.length);
      der[place] = (der[place] ?? 0) ^ (1 << pick(8));
    }
    return `${head}\n${der.toString('base64')}\n${tail}\n`;
  }

  /** Eight characters of a key's base64 in a row are a leak. */
  function leaks(said: string, keyPem: string): boolean {
    const body = keyPem.split('\n').slice(1, -2).join('');
    for (let at = 0; at + 8 <= body.length; at += 1) {
      if (said.includes(body.slice(at, at + 8))) return true;
    }
    return false;
  }

  test(`damaged texts (seed ${String(SEED)}) never throw and never show a key`, async () => {
    const ca: Authority = await authority();
    const leaf = await leafOf(ca, { algorithm: 'rsa-2048' });
    const pick = numbers(SEED);
    const texts = [ca.certificatePem, leaf.certificatePem, ca.keyPem, leaf.keyPem];
    let refused = 0;
    for (let index = 0; index < CASES; index += 1) {
      const text = damaged(texts[index % 4] ?? '', pick);
      const answers = [
        pki.readCertificates(text),
        pki.readCertificates(`${ca.certificatePem}\n${text}`),
        pki.readLeaf(text, [ca.certificatePem]),
        pki.readLeaf(leaf.certificatePem, [text]),
        pki.readKeyId(text),
      ];
      const trusted = pki.trustedBy(text, [ca.certificatePem, text]);
      const issued = await pki.issueLeaf(
        { certificatePem: ca.certificatePem, keyPem: text },
        { commonName: 'm1', dnsNames: ['m1'], ipAddresses: [], algorithm: 'ecdsa-p256', days: 1 },
      );
      const errors = answers.flatMap((answer) => (answer.ok ? [] : [answer.error]));
      refused += errors.length;
      const said = JSON.stringify([errors, trusted, issued.ok ? '' : issued.error]);
      expect(
        leaks(said, ca.keyPem) || leaks(said, leaf.keyPem),
        `case ${String(index)}: ${said}`,
      ).toBe(false);
    }
    expect(refused).toBeGreaterThan(CASES);
  });
});
