/** Goal: what gRPC throws tells whether a change may have happened. Method: etcd3's own classes, by hand. */

import * as etcd3 from 'etcd3';
import { describe, expect, test } from 'vitest';
import { parseClientUrl } from '../../../../src/adapters/etcd/endpoint.ts';
import { failureOf, grpcTrouble, isLoginWanted } from '../../../../src/adapters/etcd/errors.ts';
import type { Trouble } from '../../../../src/adapters/etcd/trouble.ts';

const endpoint = parseClientUrl('http://10.0.0.1:2379', false);

/** As grpc-js throws it and etcd3 casts it. */
function thrown(code: number, text: string): Error {
  return etcd3.castGrpcError(Object.assign(new Error(text), { code }));
}

function trouble(error: unknown): Trouble {
  return grpcTrouble(error, etcd3, { endpoint, deadlineMs: 3000 });
}

describe('grpcTrouble', () => {
  test.each([
    [4, '4 DEADLINE_EXCEEDED: Deadline exceeded after 1.5s', 'no-answer', 'within 3.0 s'],
    [2, '2 UNKNOWN: context deadline exceeded', 'no-answer', 'within 3.0 s'],
    [
      14,
      '14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED',
      'not-sent',
      'refused',
    ],
    [14, '14 UNAVAILABLE: Name resolution failed for target dns:x:1', 'not-sent', 'resolved'],
    [14, '14 UNAVAILABLE: Connection dropped', 'cut', 'closed'],
    [13, '13 INTERNAL: Received RST_STREAM with code 2', 'cut', 'RST_STREAM'],
    [2, '2 UNKNOWN: Stream removed', 'cut', 'Stream removed'],
    [1, '1 CANCELLED: Cancelled on client', 'cut', 'peershift closed'],
    [
      14,
      '14 UNAVAILABLE: etcdserver: request timed out',
      'no-majority',
      'no majority or no leader',
    ],
    [14, '14 UNAVAILABLE: etcdserver: leader changed', 'no-majority', 'leader changed'],
    [
      14,
      '14 UNAVAILABLE: etcdserver: request timed out, leader transfer took too long',
      'no-majority',
      'chosen member',
    ],
    [14, '14 UNAVAILABLE: etcdserver: server stopped', 'cut', 'stopping'],
    [9, '9 FAILED_PRECONDITION: etcdserver: Peer URLs already exists', 'refused', 'another member'],
    [5, '5 NOT_FOUND: etcdserver: member not found', 'refused', 'no member with this ID'],
    [9, '9 FAILED_PRECONDITION: etcdserver: not leader', 'refused', 'only the leader'],
    [7, '7 PERMISSION_DENIED: etcdserver: permission denied', 'refused', 'root role'],
    [3, '3 INVALID_ARGUMENT: etcdserver: user name is empty', 'refused', 'no valid login'],
    [
      3,
      '3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password',
      'refused',
      'password is wrong',
    ],
    [8, '8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', 'refused', 'NOSPACE'],
    [12, '12 UNIMPLEMENTED: unknown method MoveLeader', 'refused', 'unknown method'],
  ])('takes code %i "%s" as %s', (code, text, kind, words) => {
    const found = trouble(thrown(code, text));
    expect(found.kind).toBe(kind);
    expect(found.words).toContain(words);
    expect(found.remedy).not.toBe('');
  });

  test('throws on what is not of gRPC, since that is a bug', () => {
    const bug = new TypeError('x is not a function');
    expect(() => trouble(bug)).toThrow(bug);
  });
});

describe('isLoginWanted', () => {
  test('is true for a token that the member has forgotten', () => {
    const stale = thrown(16, '16 UNAUTHENTICATED: etcdserver: invalid auth token');
    expect(isLoginWanted(stale, etcd3, true)).toBe(true);
    const ofSnapshot = thrown(2, '2 UNKNOWN: auth: invalid auth token');
    expect(isLoginWanted(ofSnapshot, etcd3, true)).toBe(true);
  });

  test('is true for a permission only when no login was sent', () => {
    const denied = thrown(7, '7 PERMISSION_DENIED: etcdserver: permission denied');
    expect(isLoginWanted(denied, etcd3, false)).toBe(true);
    expect(isLoginWanted(denied, etcd3, true)).toBe(false);
  });

  test('is false for a wrong password, which a second try would not mend', () => {
    const wrong = thrown(
      3,
      '3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password',
    );
    expect(isLoginWanted(wrong, etcd3, true)).toBe(false);
  });
});

describe('failureOf', () => {
  test('names the member, the attempt, the reason and what is not known', () => {
    const refused = trouble(
      thrown(14, '14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED'),
    );
    expect(failureOf(endpoint, refused, { would: 'read the member list' })).toEqual({
      code: 'ENDPOINT_UNREACHABLE',
      where: 'etcd at http://10.0.0.1:2379',
      would: 'read the member list',
      but: 'the connection is refused: nothing listens on 10.0.0.1 port 2379',
      so: 'this is not known of that member; nothing was changed',
      remedy: 'see whether the member runs and listens on this client URL, then try again',
    });
  });

  test('has a code for each kind of trouble', () => {
    const codes = (['not-sent', 'no-answer', 'cut', 'no-majority', 'refused'] as const).map(
      (kind) => failureOf(endpoint, { kind, words: '', remedy: '' }, { would: '' }).code,
    );
    expect(new Set(codes)).toEqual(new Set(['ENDPOINT_UNREACHABLE', 'NO_QUORUM', 'ETCD_REFUSED']));
  });
});
