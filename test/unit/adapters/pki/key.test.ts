/**
 * Goal: a key file is usable exactly when etcd could load it. Method: the real openssl writes the
 * same keys in every form; the id must not depend on the form.
 */

import { afterAll, expect, test } from 'vitest';

import { authority, bench, pki } from './openssl.ts';

const on = bench();
afterAll(() => {
  on.end();
});

const reasonOf = (text: string): string => {
  const read = pki.readKeyId(text);
  return read.ok ? 'no reason' : read.error;
};

on.openssl('ecparam', '-genkey', '-name', 'prime256v1', '-out', 'ec.pem');
on.openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'ec.pem', '-out', 'ec8.pem');
on.openssl('genrsa', '-traditional', '-out', 'rsa.pem', '2048');
on.openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'rsa.pem', '-out', 'rsa8.pem');

test('an EC key behind its EC PARAMETERS, alone, and as PKCS#8 has one id', () => {
  const text = on.get('ec.pem');
  expect(text).toContain('BEGIN EC PARAMETERS');
  const alone = text.slice(text.indexOf('-----BEGIN EC PRIVATE KEY'));
  const id = pki.readKeyId(text);
  expect(id.ok ? id.value : id.error).toMatch(/^[0-9a-f]{64}$/);
  expect(pki.readKeyId(alone)).toEqual(id);
  expect(pki.readKeyId(on.get('ec8.pem').replaceAll('\n', '\r\n'))).toEqual(id);
});

test('an RSA key as PKCS#1 and as PKCS#8 has one id, and another one than the EC key', () => {
  expect(on.get('rsa.pem')).toContain('BEGIN RSA PRIVATE KEY');
  const id = pki.readKeyId(on.get('rsa.pem'));
  expect(pki.readKeyId(on.get('rsa8.pem'))).toEqual(id);
  expect(pki.readKeyId(on.get('ec.pem'))).not.toEqual(id);
  expect(id.ok).toBe(true);
});

test('a wrong label does not matter, as it does not to Go', () => {
  const mislabelled = on.get('rsa8.pem').replaceAll(' PRIVATE KEY', ' RSA PRIVATE KEY');
  expect(pki.readKeyId(mislabelled)).toEqual(pki.readKeyId(on.get('rsa.pem')));
});

test('the first of two keys counts', () => {
  expect(pki.readKeyId(on.get('ec.pem') + on.get('rsa.pem'))).toEqual(
    pki.readKeyId(on.get('ec.pem')),
  );
});

test('encrypted keys, in both forms, are refused since etcd cannot read them', () => {
  on.openssl('pkcs8', '-topk8', '-in', 'ec.pem', '-passout', 'pass:x', '-out', 'enc8.pem');
  on.openssl(
    'rsa',
    '-traditional',
    '-aes256',
    '-in',
    'rsa.pem',
    '-passout',
    'pass:x',
    '-out',
    'enc1.pem',
  );
  expect(on.get('enc8.pem')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  expect(on.get('enc1.pem')).toContain('Proc-Type: 4,ENCRYPTED');
  for (const name of ['enc8.pem', 'enc1.pem']) {
    expect(reasonOf(on.get(name))).toBe(
      'its key is encrypted, and etcd cannot read encrypted keys',
    );
  }
});

test('an encrypted CA key is refused in words about this program', async () => {
  const ca = await authority();
  on.put('ca-key.pem', ca.keyPem);
  on.openssl('pkcs8', '-topk8', '-in', 'ca-key.pem', '-passout', 'pass:x', '-out', 'ca-enc.pem');
  const issued = await pki.issueLeaf(
    { certificatePem: ca.certificatePem, keyPem: on.get('ca-enc.pem') },
    { commonName: 'm1', dnsNames: ['m1'], ipAddresses: [], algorithm: 'ecdsa-p256', days: 1 },
  );
  expect(issued.ok ? 'issued' : issued.error.but).toBe(
    'its key is encrypted, and peershift cannot read encrypted keys',
  );
});

test('what is no private key that TLS can use is refused', () => {
  on.openssl('genpkey', '-algorithm', 'X25519', '-out', 'x.pem');
  on.openssl('pkey', '-in', 'ec.pem', '-pubout', '-out', 'pub.pem');
  expect(reasonOf(on.get('x.pem'))).toBe(
    'its private key is damaged, or of a kind that etcd cannot read',
  );
  expect(reasonOf(on.get('pub.pem'))).toContain('it has no PEM private key');
  expect(reasonOf('')).toContain('it has no PEM private key');
  expect(reasonOf(on.get('ec8.pem').replaceAll(' PRIVATE', ' OPENSSH PRIVATE'))).toContain(
    'OpenSSH form',
  );
});
