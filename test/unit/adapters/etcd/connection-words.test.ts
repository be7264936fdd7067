/** Goal: each way to miss a member reads differently. Method: the texts that Node, OpenSSL and grpc-js gave. */

import { describe, expect, test } from 'vitest';
import { connectionReason } from '../../../../src/adapters/etcd/connection-words.ts';
import { parseClientUrl } from '../../../../src/adapters/etcd/endpoint.ts';

const plain = parseClientUrl('http://10.0.0.1:2379', false);
const tls = parseClientUrl('https://10.0.0.1:2379', true);

const GRPC = 'No connection established. Last error: ';
const NOTE = '. Resolution note: ';
const ALERT = '802C42:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:';

describe('connectionReason', () => {
  test.each([
    [
      `${GRPC}Error: connect ECONNREFUSED 10.0.0.1:2379${NOTE}`,
      'refused: nothing listens on 10.0.0.1 port 2379',
    ],
    ['connect ECONNREFUSED 10.0.0.1:2379', 'nothing listens on 10.0.0.1 port 2379'],
    ['Name resolution failed for target dns:10.0.0.1:2379', 'cannot be resolved'],
    ['getaddrinfo ENOTFOUND m1.example', 'cannot be resolved'],
    ['connect EHOSTUNREACH 10.0.0.1:2379', 'no way to 10.0.0.1 from here (EHOSTUNREACH)'],
    [`${GRPC}Error: unable to verify the first certificate${NOTE}`, 'not signed by the given CA'],
    [
      'SELF_SIGNED_CERT_IN_CHAIN self-signed certificate in certificate chain',
      'not signed by the given CA',
    ],
    ['CERT_HAS_EXPIRED certificate has expired', 'has expired'],
    ['CERT_NOT_YET_VALID certificate is not yet valid', 'not valid yet'],
    [
      `${GRPC}${ALERT}../rec_layer_s3.c:1601:SSL alert number 42\n (2026-11-22T06:09:57.305Z)`,
      'our client certificate',
    ],
    [
      'SSL routines:ssl3_read_bytes:tlsv13 alert certificate required: SSL alert number 116',
      'wants one and got none',
    ],
    ['SSL alert number 45', 'our client certificate has expired'],
    [
      `${GRPC}Error: Client network socket disconnected before secure TLS connection was established${NOTE}`,
      'most likely speaks plain http',
    ],
    [
      'EPROTO 80BC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number',
      'speaks plain http',
    ],
  ])('says of "%s": %s', (text, words) => {
    expect(connectionReason(text, tls).words).toContain(words);
  });

  test('says which names a certificate covers, in one line', () => {
    const text =
      "Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the cert's list: 10.0.0.9";
    const words =
      "its certificate does not cover 10.0.0.1: IP: 10.0.0.1 is not in the cert's list: 10.0.0.9";
    expect(connectionReason(text, tls).words).toBe(words);
    expect(connectionReason(`${GRPC}Error: ${text}${NOTE}`, tls).words).toBe(words);
  });

  test.each([
    `${GRPC}null${NOTE}`,
    `${GRPC}Failed to connect (2026-11-22T06:10:11.325Z)${NOTE}`,
    'socket hang up',
  ])('says of "%s" that a plain URL may meet TLS', (text) => {
    expect(connectionReason(text, plain).words).toContain('or speaks TLS here');
    expect(connectionReason(text, tls).words).not.toContain('TLS');
  });

  test('shows an unknown text in one line of bounded length', () => {
    const { words } = connectionReason(`what\n is   this ${'x'.repeat(5000)}`, plain);
    expect(words).toMatch(/^the connection failed: what is this x+$/);
    expect(words.length).toBeLessThan(260);
  });
});
