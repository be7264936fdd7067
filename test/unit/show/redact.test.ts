/** Goal: no secret gets through the second net. Method: secrets planted in every form that carries one. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../../src/show/redact.ts';

const KEY_WORD = ['PRIVATE', 'KEY'].join(' ');
const pemOf = (secret: string, kind = ''): string =>
  `-----BEGIN ${kind}${KEY_WORD}-----\n${secret}\n-----END ${kind}${KEY_WORD}-----`;

/** Each takes a secret without spaces or quotes and says it in the way of some program. */
const CARRIERS: readonly (readonly [name: string, carrier: (secret: string) => string])[] = [
  ['a PKCS#8 key', (secret) => pemOf(secret)],
  ['an EC key', (secret) => pemOf(secret, 'EC ')],
  ['an encrypted key', (secret) => pemOf(secret, 'ENCRYPTED ')],
  ['a key cut off in its middle', (secret) => pemOf(secret).split('-----END')[0] ?? ''],
  ['a key on one line of JSON', (secret) => JSON.stringify({ file: pemOf(secret) })],
  ['an environment entry', (secret) => `ETCD_ROOT_PASSWORD=${secret}`],
  ['a quoted environment entry', (secret) => `export ROOT_PASSWORD="${secret} and more"`],
  ['a plan file', (secret) => `    password: ${secret}`],
  ['a plan file with words', (secret) => `passphrase: correct ${secret} staple`],
  ['a plan file in one line', (secret) => `{ user: root, passphrase: '${secret}', port: 22 }`],
  ['JSON', (secret) => JSON.stringify({ sshPassword: secret, port: 22 })],
  ['JSON within JSON', (secret) => JSON.stringify({ body: JSON.stringify({ password: secret }) })],
  ['a command line', (secret) => `etcdctl --password ${secret} get /`],
  ['a command line with =', (secret) => `etcdctl --password=${secret} get /`],
  ['etcdctl --user', (secret) => `etcdctl --user root:${secret} member list`],
  ['a bearer header', (secret) => `Authorization: Bearer ${secret}`],
  ['a basic header in JSON', (secret) => JSON.stringify({ authorization: `Basic ${secret}` })],
  ['a header of curl', (secret) => `curl -H 'Authorization: Basic ${secret}' http://10.0.0.1`],
  ['a URL with name and secret', (secret) => `dial http://root:${secret}@10.0.0.1:2379 failed`],
  ['a URL with a secret alone', (secret) => `https://${secret}@10.0.0.1:2379/v3`],
];

const SIGNS = Array.from('abcXYZ0189+/=_.~!%@');
const secrets = fc
  .string({ unit: fc.constantFrom(...SIGNS), minLength: 8, maxLength: 40 })
  .map((text) => `S3${text}`);
/** Where a careless net would take the value for something else. */
const beginnings = fc.constantFrom('', '{', '[', '-', '***', 'null-', 'env');

describe('the second net', () => {
  it.each(CARRIERS)('masks the secret of %s', (_name, carrier) => {
    fc.assert(
      fc.property(secrets, beginnings, fc.lorem(), (secret, beginning, around) => {
        const shown = redact(`${around}\n${carrier(beginning + secret)}\n${around}`);
        expect(shown).not.toContain(secret);
        expect(shown).toContain('***');
      }),
    );
  });

  it('masks every secret of a text that holds several', () => {
    const text = CARRIERS.map(([, carrier], index) => carrier(`S3cret-value-${String(index)}`));
    expect(redact(text.join('\n'))).not.toMatch(/S3cret/u);
  });

  it('keeps JSON readable as JSON', () => {
    const value = { password: 'a"b\\c', port: 1, passphrase: null, url: 'http://u:p@h:1/x' };
    expect(JSON.parse(redact(JSON.stringify(value)))).toEqual({
      password: '***',
      port: 1,
      passphrase: null,
      url: 'http://***@h:1/x',
    });
  });

  it('changes nothing the second time', () => {
    const text = CARRIERS.map(([, carrier]) => carrier('S3cret-value')).join('\n');
    expect(redact(redact(text))).toBe(redact(text));
  });

  it.each([
    'advertise https://10.0.0.2:2380 for m2',
    'peershift-lab: gate passed after 5.1 s: 6/6 peer links up',
    'ETCD_PEER_KEY_FILE  (unset) → /etc/etcd/pki/peer-key.pem',
    'https://10.0.0.1:2379,https://10.0.0.2:2379',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'password: { env: PEERSHIFT_PASSWORD }',
    'ask root@10.0.0.1 for the basics',
  ])('leaves alone: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('takes no longer than a blink for a long line of anything', () => {
    for (const word of ['a', 'a.', 'password', 'a://', '-----BEGIN X', '"', '\\"']) {
      const text = word.repeat(20_000);
      expect(redact(text).length).toBeGreaterThan(0);
    }
  }, 5000);
});
