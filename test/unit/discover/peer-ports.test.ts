/** Goal: what peer ports say is read to the last digit, and what they do not say is never made up. */

import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/base/result.ts';
import { memberName } from '../../../src/model/ids.ts';
import { askPeerPort, servedUrls, unansweredPairs } from '../../../src/discover/peer-ports.ts';
import type { PeerDialer, PeerPage } from '../../../src/ports.ts';
import { observedOf } from '../../support/observed.ts';
import { httpUrl, httpWorld, httpsUrl, withDown } from '../../support/worlds.ts';

const MEMBERS = `[{"id":10276657743932975437,"peerURLs":["${httpUrl('m1')}"],"name":"m1",
  "clientURLs":["http://10.0.0.1:2379"]},{"id":2,"peerURLs":[],"name":"","isLearner":true}]`;
const PAGES: Readonly<Record<string, string>> = {
  '/members': MEMBERS,
  '/version': '{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}',
  '/raft/probing': '{"OK":true}',
};

/** Answers everything but what is named `url path`. */
function dialer(changes: Readonly<Record<string, Partial<PeerPage> | 'refused'>> = {}): PeerDialer {
  const never = (): Promise<never> => Promise.reject(new Error('not asked for'));
  return {
    dial: never,
    dialWithoutLeaf: never,
    dialPlain: never,
    get: ({ url }, _files, path) => {
      const change = changes[`${url} ${path}`];
      if (change === 'refused') {
        return Promise.resolve(err({ kind: 'connection-refused', because: 'nobody listens' }));
      }
      const page = { statusCode: 200, body: PAGES[path] ?? '', clusterId: 'cdf818194e3a8c32' };
      return Promise.resolve(ok({ ...page, ...change }));
    },
  };
}

describe('a peer port', () => {
  it('tells the list with 64-bit IDs, its own version and its cluster', async () => {
    expect(await askPeerPort(dialer(), httpUrl('m1'), undefined)).toEqual(
      ok({
        id: '8e9e05c52164694d',
        clusterId: 'cdf818194e3a8c32',
        version: '3.4.23',
        members: [
          {
            id: '8e9e05c52164694d',
            name: 'm1',
            peerUrls: [httpUrl('m1')],
            clientUrls: ['http://10.0.0.1:2379'],
            isLearner: false,
          },
          { id: '2', name: '', peerUrls: [], clientUrls: [], isLearner: true },
        ],
      }),
    );
  });

  it.each([
    ['/members', 'refused', 'nobody listens'],
    ['/version', { statusCode: 404 }, 'answers 404'],
    ['/members', { body: 'hello' }, 'does not answer as etcd'],
    ['/members', { body: '[]' }, 'does not answer as etcd'],
    ['/version', { body: '{}' }, 'does not answer as etcd'],
  ] as const)('that answers %s with %j tells nothing, and why', async (path, change, words) => {
    const at = `${httpUrl('m1')} ${path}`;
    const told = await askPeerPort(dialer({ [at]: change }), httpUrl('m1'), undefined);
    expect(told.ok ? '' : told.error).toContain(words);
  });
});

describe('the URLs that a process serves', () => {
  it('have a port and the scheme of one of its listeners', () => {
    const both = [httpUrl('m1'), httpsUrl('m1')];
    expect(servedUrls(both, [httpUrl('m1')])).toEqual([httpUrl('m1')]);
    expect(servedUrls(both, [httpsUrl('m1')])).toEqual([httpsUrl('m1')]);
    expect(servedUrls([httpsUrl('m1')], [httpUrl('m1')])).toEqual([]);
  });
});

describe('the pairs that do not answer', () => {
  const world = httpWorld(3);
  const isHere = (): boolean => true;
  const ask = (asked: Parameters<typeof unansweredPairs>[0], at = world): Promise<unknown> => {
    return unansweredPairs(asked, observedOf(at), at).then((pairs) => Object.fromEntries(pairs));
  };

  it('are none when every peer port answers from every host', async () => {
    expect(await ask({ doors: new Map(), dialer: dialer(), isHere })).toEqual({});
  });

  it('are those to a port that does not tell its version or does not probe', async () => {
    const bad = dialer({ [`${httpUrl('m2')} /raft/probing`]: { statusCode: 404 } });
    const reason = `${httpUrl('m2')}/raft/probing answers 404`;
    expect(await ask({ doors: new Map(), dialer: bad, isHere })).toEqual({
      'm1>m2': reason,
      'm3>m2': reason,
    });
  });

  it('are those from a host that is another machine; a member that is down has none', async () => {
    const elsewhere = (name: string): boolean => name !== memberName('m1');
    const doors = { doors: new Map(), dialer: dialer(), isHere: elsewhere };
    expect(Object.keys((await ask(doors)) as object)).toEqual(['m1>m2', 'm1>m3']);
    expect(Object.keys((await ask(doors, withDown(world, 'm3'))) as object)).toEqual(['m1>m2']);
  });
});
