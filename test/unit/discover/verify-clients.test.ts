/** What `verify` says of client ports: proven only when https alone is published, answered and asked for. */

import { describe, expect, it } from 'vitest';

import { ok } from '../../../src/base/result.ts';
import { verifyClients } from '../../../src/discover/verify-clients.ts';
import type { ObservedState } from '../../../src/model/observed.ts';
import type { PeerDialer, PeerRefusal } from '../../../src/ports.ts';
import { verifyJson } from '../../../src/show/verify.ts';
import { plainClients } from '../../support/client-scope.ts';

const world = plainClients();

function verified(
  scheme: 'http' | 'https',
  refusal: PeerRefusal['result'],
  { certAuth = true, hasFiles = true } = {},
): ReturnType<typeof verifyClients> {
  const members = world.members.map(({ name }, index) => {
    return { name, clientUrls: [`${scheme}://10.0.0.${String(index + 1)}:2379`] };
  });
  const refused = (): Promise<PeerRefusal> =>
    Promise.resolve({ result: refusal, because: 'it says so' });
  const dialer = {
    dial: () => Promise.resolve(ok({ protocol: 'TLSv1.3', version: '3.4.23' })),
    dialPlain: refused,
    dialWithoutLeaf: refused,
  } as unknown as PeerDialer;
  const files = hasFiles ? { ca: 'PEM', cert: 'PEM', key: 'PEM' } : undefined;
  const state = { members } as unknown as ObservedState;
  return verifyClients({ state, world, dialer, files, certAuth });
}

describe('the client side in verify', () => {
  it('is proven by the list, an answer in https and two refusals of each member', async () => {
    const data = verifyJson(await verified('https', 'refused'));
    expect(data.isMutualTlsOnly).toBe(true);
    expect(data.sentence).toBe(
      'clients are served by https only: client URLs published as https alone by 3 of 3; https answered to clients by 3 of 3; plain http refused to clients by 3 of 3; a client without a certificate refused by 3 of 3',
    );
  });

  it('is broken where http is published or anything in the clear is answered', async () => {
    const [published] = await verified('http', 'refused');
    const accepted = await verified('https', 'accepted');
    expect(published).toMatchObject({ check: 'client-published', result: 'broken' });
    expect(accepted.filter(({ result }) => result === 'broken')).toHaveLength(6);
    expect(verifyJson(accepted).isMutualTlsOnly).toBe(false);
  });

  it('asks for no refusal without a certificate where the plan does not', async () => {
    const found = await verified('https', 'refused', { certAuth: false });
    expect(found.map(({ check }) => check)).not.toContain('client-refuses-no-certificate');
  });

  it('is unknown, and not proven, without files to dial with', async () => {
    const found = await verified('https', 'refused', { hasFiles: false });
    expect(found.some(({ result }) => result === 'unknown')).toBe(true);
    expect(verifyJson(found).isMutualTlsOnly).toBe(false);
  });
});
