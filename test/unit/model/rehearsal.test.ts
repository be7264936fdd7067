/** Goal: a handshake is judged as etcd would judge the dial. Method: what OpenSSL 3.0 printed, for each fault. */

import { describe, expect, it } from 'vitest';
import {
  type Handshake,
  type PairAnswer,
  judgeHandshake,
  rehearsalCells,
  rehearsalItems,
} from '../../../src/model/rehearsal.ts';
import { leafFor } from '../../support/worlds.ts';

function judged(changes: Partial<Handshake>): PairAnswer {
  return judgeHandshake({
    url: '10.0.0.1:23790',
    from: 'm2',
    to: 'm1',
    client: 'depth=1 CN = ours\nverify return:1\ndepth=0 CN = m1\nverify return:1',
    server: '',
    isAcknowledged: true,
    source: '10.0.0.2',
    isRealPort: false,
    leaf: leafFor('m2'),
    resolved: [],
    skipsClientSan: false,
    ...changes,
  });
}

describe('a handshake that both ends acknowledged', () => {
  it('is good from an address that the leaf names', () => {
    expect(judged({})).toEqual({ kind: 'ok', source: '10.0.0.2' });
  });

  it('is broken from another address, as etcd would close it', () => {
    const answer = judged({ source: '192.168.7.2' });
    expect(answer).toMatchObject({ kind: 'no', reason: 'client-source' });
    expect(JSON.stringify(answer)).toMatch(/192\.168\.7\.2.*10\.0\.0\.2/u);
  });

  it('is good where a name of the leaf leads to the address, where it has no name, where nobody looks', () => {
    const source = '192.168.7.2';
    expect(judged({ source, resolved: ['m2.example'] }).kind).toBe('ok');
    expect(judged({ source, leaf: leafFor('m2', { ipAddresses: [], dnsNames: [] }) }).kind).toBe(
      'ok',
    );
    expect(judged({ source, skipsClientSan: true }).kind).toBe('ok');
  });

  it('is unknown when the listener did not see the address', () => {
    expect(judged({ source: undefined }).kind).toBe('unknown');
  });
});

describe('a handshake that failed', () => {
  it.each([
    ['server-name', { client: 'verify error:num=64:IP address mismatch' }],
    ['server-name', { client: 'verify error:num=62:hostname mismatch' }],
    ['no-trust', { client: 'verify error:num=20:unable to get local issuer certificate' }],
    ['server-usage', { client: 'verify error:num=26:unsuitable certificate purpose' }],
    ['expired', { client: 'verify error:num=10:certificate has expired' }],
    ['client-untrusted', { server: 'verify error:num=20:unable to get local issuer certificate' }],
    ['client-usage', { server: 'verify error:num=26:unsuitable certificate purpose' }],
    ['expired', { server: 'verify error:num=10:certificate has expired' }],
    [
      'handshake',
      { client: '140:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure' },
    ],
  ] as const)('is %s by what OpenSSL says: %o', (reason, said) => {
    expect(judged({ isAcknowledged: false, ...said })).toMatchObject({ kind: 'no', reason });
  });

  it('at a port of the rehearsal alone says nothing of the peer port', () => {
    const client =
      '40A7:error:8000006F:system library:BIO_connect:Connection refused\nconnect:errno=111';
    const answer = judged({ isAcknowledged: false, client });
    expect(answer.kind).toBe('unknown');
    expect(JSON.stringify(answer)).toContain('--rehearse-port');
    expect(judged({ isAcknowledged: false, client: '' }).kind).toBe('unknown');
  });

  it('at the port that the rollout will open is no way through', () => {
    const client = 'BIO_connect:Connection timed out\nconnect:errno=110';
    const answer = judged({ isAcknowledged: false, client, isRealPort: true });
    expect(answer).toMatchObject({ kind: 'no', reason: 'no-route' });
  });

  it('for a name that cannot be resolved is no way through', () => {
    const client =
      'BIO_lookup_ex:system lib:getaddrinfo: Name or service not known\nconnect:errno=2';
    expect(judged({ isAcknowledged: false, client })).toMatchObject({ reason: 'no-route' });
  });
});

describe('a rehearsal', () => {
  const pairs = [
    { from: 'm1', to: 'm2', answer: { kind: 'ok', source: '10.0.0.1' } },
    { from: 'm2', to: 'm1', answer: { kind: 'no', reason: 'client-source', because: 'x' } },
    { from: 'm3', to: 'm1', answer: { kind: 'unknown', because: 'openssl is not there' } },
  ] as const;

  it('counts the good pairs, fails the broken ones and warns of those it could not try', () => {
    const items = rehearsalItems({ pairs, standIns: ['m2'] });
    expect(items.map(({ result, where }) => `${result} ${where}`)).toEqual([
      'pass ',
      'fail m2 → m1',
      'warn m3 → m1',
    ]);
    expect(items[0]?.because).toMatch(/^1 of 3 ordered pairs.*throw-away leaves.*for m2/u);
  });

  it('has a cell for each pair', () => {
    expect(rehearsalCells({ pairs, standIns: [] })).toEqual({
      'm1>m2': 'ok',
      'm2>m1': 'client-source',
      'm3>m1': 'unknown',
    });
  });
});
