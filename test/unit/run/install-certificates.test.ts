/**
 * Goal: a file arrives on a host whole, for the service's user, and nothing that was there is lost. Method: the
 * handler on hosts of memory, one of which writes something else than it was given.
 */

import { expect, test } from 'vitest';

import { sha256 } from '../../../src/base/digest.ts';
import { ok } from '../../../src/base/result.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { Answer, WriteOptions } from '../../../src/ports.ts';
import type { Hands } from '../../../src/run/handlers/context.ts';
import { installCertificates } from '../../../src/run/handlers/install-certificates.ts';
import { FakeHost } from '../../support/fake-doors.ts';
import { stepOf } from '../../support/steps.ts';

const M1 = memberName('m1');
const KEY = '/etc/etcd/pki/peer-key.pem';

class TwistingHost extends FakeHost {
  override writeFile(path: string, _: Uint8Array, options: WriteOptions): Answer<undefined> {
    return super.writeFile(path, new TextEncoder().encode('half'), options);
  }
}

/** What the handler reaches for, and no more. */
function handsOn(host: FakeHost): Hands {
  const here = new FakeHost('here');
  here.put('/pki/m1-key.pem', 'the key');
  const service = { state: () => Promise.resolve({ known: true, value: { isRunning: false } }) };
  const doors = {
    here,
    members: new Map([[M1, { host, service }]]),
    desired: { members: [{ name: M1, tls: { owner: 'etcd', group: undefined } }] },
    journal: { state: () => ({ run: 'r1' }) },
  };
  return { doors, where: 'step 2 of 9' } as unknown as Hands;
}

const step = stepOf({
  kind: 'install-certificates',
  member: M1,
  files: [
    { path: KEY, role: 'key', source: '/pki/m1-key.pem', content: { kind: 'key', keyId: 'k' } },
  ],
});

test('a key arrives with mode 0600 for the owner of the plan file, and its digest is told', async () => {
  const host = new FakeHost('m1');
  host.ownerIds = () => Promise.resolve(ok({ uid: 107, gid: 112 }));
  const answer = await installCertificates(handsOn(host), step);
  const digest = sha256(new TextEncoder().encode('the key'));
  expect(answer).toMatchObject({
    effects: [{ kind: 'file-installed', member: 'm1', path: KEY, digest }],
  });
  expect(host.files.get(KEY)).toMatchObject({ mode: 0o600, uid: 107, gid: 112 });
});

test('what was there before is kept beside it, with its owner and mode', async () => {
  const host = new FakeHost('m1');
  host.put(KEY, 'the old key', { mode: 0o640 });
  await installCertificates(handsOn(host), step);
  expect(host.textOf(KEY)).toBe('the key');
  expect(host.textOf(`${KEY}.peershift-r1`)).toBe('the old key');
  expect(host.files.get(`${KEY}.peershift-r1`)?.mode).toBe(0o640);
});

test('a file that does not read back as it was written fails the step, without a word of its content', async () => {
  const answer = await installCertificates(handsOn(new TwistingHost('m1')), step);
  expect(JSON.stringify(answer)).toContain('it does not read back as it was written');
  expect(JSON.stringify(answer)).not.toContain('the key');
});
