/** Goal: a URL or TLS file that cannot work is named before anything is sent. Method: one case for each reason. */

import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { dialTarget, parseClientUrl, tlsProblem } from '../../../../src/adapters/etcd/endpoint.ts';

/** A P-256 certificate whose key was thrown away. */
const SELF_SIGNED = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUJujCeTrNmOYlWDLhp5XrDCabsg8wCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFb3RoZXIwHhcNMjYxMTIyMDYwOTUxWhcNMjYxMjIyMDYwOTUx
WjAQMQ4wDAYDVQQDDAVvdGhlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABD+c
i36Kk0jh/hX3S2OGsRsekhpILzzzp2yaYj2X3rpBVnoW4za909+S32UGF/Hv2Zaf
kmq6WreN6ajipKwvDN6jUzBRMB0GA1UdDgQWBBQRkHv+GZDpAfu171tbdXc0GeHQ
izAfBgNVHSMEGDAWgBQRkHv+GZDpAfu171tbdXc0GeHQizAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDpMQzGlIcrIh1k1bezo24EfmbmBOlWPppQ
ep6/fwsPAwIgPGeqMkvfiwlHI//quoMsuDOUyWq5PyEx4/szqGWCItQ=
-----END CERTIFICATE-----
`;

describe('parseClientUrl', () => {
  test('takes an http URL without TLS files and an https URL with them', () => {
    expect(parseClientUrl('http://10.0.0.1:2379', false)).toMatchObject({
      host: '10.0.0.1',
      port: 2379,
      isTls: false,
      problem: undefined,
    });
    expect(parseClientUrl('https://m1.example:2379', true)).toMatchObject({
      isTls: true,
      problem: undefined,
    });
  });

  test('refuses TLS files for an http URL, to which etcd3 would speak TLS', () => {
    expect(parseClientUrl('http://10.0.0.1:2379', true).problem).toContain('says http, and TLS');
  });

  test('refuses an https URL without a CA', () => {
    expect(parseClientUrl('https://10.0.0.1:2379', false).problem).toContain('no CA');
  });

  test.each(['http://10.0.0.1:2379/', '10.0.0.1:2379', 'http://10.0.0.1', 'unix://m1:1', ''])(
    'refuses "%s" with a reason',
    (text) => {
      expect(parseClientUrl(text, false).problem).toBeTypeOf('string');
    },
  );

  test('never shows a login that stands in the URL', () => {
    const endpoint = parseClientUrl('http://root:hunter2@10.0.0.1:2379', false);
    expect(JSON.stringify(endpoint)).not.toContain('hunter2');
    expect(endpoint.shown).toBe('http://***@10.0.0.1:2379');
    expect(endpoint.problem).toBeTypeOf('string');
  });

  test('dials an IPv6 address in brackets', () => {
    expect(dialTarget(parseClientUrl('http://[::1]:2379', false))).toBe('[::1]:2379');
  });
});

describe('tlsProblem', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const keyPem = Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }));
  const ca = Buffer.from(SELF_SIGNED);

  test('finds nothing wrong with a CA alone', () => {
    expect(tlsProblem({ ca })).toBeUndefined();
  });

  test('names a CA file without a certificate', () => {
    expect(tlsProblem({ ca: keyPem })).toBe('the CA file has no PEM certificate in it');
  });

  test('names a CA file whose certificate is broken', () => {
    const broken = Buffer.from(ca.toString().replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAA'));
    expect(tlsProblem({ ca: broken })).toBe('the first certificate of the CA file cannot be read');
  });

  test('names the half that is missing', () => {
    expect(tlsProblem({ ca, cert: ca })).toContain('without its key');
    expect(tlsProblem({ ca, key: keyPem })).toContain('without its certificate');
  });

  test('names a key that belongs to another certificate', () => {
    expect(tlsProblem({ ca, cert: ca, key: keyPem })).toContain('does not belong');
  });

  test('names an encrypted key', () => {
    const encrypted = key.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    expect(tlsProblem({ ca, cert: ca, key: Buffer.from(encrypted) })).toBe(
      'the client key is encrypted',
    );
  });

  test('names files that are no PEM at all', () => {
    const noise = Buffer.from('noise');
    expect(tlsProblem({ ca, cert: noise, key: keyPem })).toContain(
      'certificate file cannot be read',
    );
    expect(tlsProblem({ ca, cert: ca, key: noise })).toContain('key file cannot be read');
  });
});
