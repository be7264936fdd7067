/**
 * Goal: with authentication on, every method carries the login, and a missing or wrong one reads as such.
 * Method: three real members, authentication switched on over the JSON gateway.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import { present } from '../../src/base/assert.ts';
import { parsePeerUrl } from '../../src/model/url.ts';
import type { EtcdMember } from '../../src/ports.ts';
import { gateway, value } from '../support/etcd-calls.ts';
import { type EtcdCluster, type EtcdProcess, startCluster } from '../support/etcd-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CALL_MS = 2000;
const KEY = '/peershift/test/lock';
const ROOT = { username: 'root', password: 'correct horse' };
const GUEST = { username: 'guest', password: 'battery staple' };

let cluster: EtcdCluster;
let first: EtcdProcess;
let root: EtcdMember;
let folder: string;

beforeAll(async () => {
  const addresses = ['127.42.1.21', '127.42.1.22', '127.42.1.23'];
  cluster = await startCluster({ addresses });
  first = present(cluster.members[0], 'a member');
  folder = await mkdtemp(join(tmpdir(), 'peershift-login-'));
  await gateway(first, '/v3/auth/role/add', { name: 'root' });
  for (const { username, password } of [ROOT, GUEST]) {
    await gateway(first, '/v3/auth/user/add', { name: username, password });
  }
  await gateway(first, '/v3/auth/user/grant', { user: 'root', role: 'root' });
  const early = makeOpenEtcd({ callMs: CALL_MS, auth: ROOT })(first.clientUrl);
  value(await early.revision());
  await gateway(first, '/v3/auth/enable', {});
  // A login that was given while authentication was off goes on working once it is on.
  value(await early.revision());
  root = early;
});

afterAll(async () => {
  root.close();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

function openWith(auth: { username: string; password: string } | undefined): EtcdMember {
  const options = auth === undefined ? { callMs: CALL_MS } : { callMs: CALL_MS, auth };
  return makeOpenEtcd(options)(first.clientUrl);
}

test('root may use every method', async () => {
  const { answeredBy, members } = value(await root.members());
  const own = present(members.find(({ id }) => id === answeredBy)?.peerUrls[0], 'a peer URL');
  value(await root.updatePeerUrls(answeredBy, [value(parsePeerUrl(own))]));
  value(await root.status());
  value(await root.alarms());
  value(await root.hashKv(value(await root.revision())));
  value(await root.snapshot(join(folder, 'backup.db')));
  value(await root.health());
  value(await root.metrics());
  const lock = value(await root.acquireLock(KEY, 'run one', 60));
  expect(lock.kind).toBe('acquired');
  expect(value(await root.renewLease(lock.leaseId))).toBe(60);
  expect(value(await root.holdsLock(KEY, lock.createRevision))).toBe(true);
  value(await root.releaseLock(KEY, lock.createRevision, lock.leaseId));
});

test('a member that has forgotten the token is given a new one, also for streams', async () => {
  await first.restart();
  expect(value(await root.renewLease('12345'))).toBe(0);
  await first.restart();
  value(await root.snapshot(join(folder, 'again.db')));
  await first.restart();
  value(await root.revision());
});

test('without a login the member list is read, and changes are refused with the reason', async () => {
  const nobody = openWith(undefined);
  const { answeredBy } = value(await nobody.members());
  value(await nobody.status());
  const url = value(parsePeerUrl('http://127.42.1.29:2380'));
  const refused = await nobody.updatePeerUrls(answeredBy, [url]);
  expect(refused).toMatchObject({ ok: false, error: { code: 'STEP_FAILED' } });
  expect(JSON.stringify(refused)).toContain('cluster.auth');
  expect(await nobody.revision()).toMatchObject({ ok: false, error: { code: 'ETCD_REFUSED' } });
  expect(await nobody.snapshot(join(folder, 'none.db'))).toMatchObject({
    ok: false,
    error: { code: 'BACKUP_FAILED', but: expect.stringContaining('user name is empty') as string },
  });
  nobody.close();
});

test('a user without the root role is told that the root role is needed', async () => {
  const guest = openWith(GUEST);
  const { answeredBy } = value(await guest.members());
  const url = value(parsePeerUrl('http://127.42.1.29:2380'));
  expect(await guest.updatePeerUrls(answeredBy, [url])).toMatchObject({
    ok: false,
    error: { code: 'STEP_FAILED', but: expect.stringContaining('root role') as string },
  });
  guest.close();
});

test('a wrong password is called that, and is never shown', async () => {
  const wrong = openWith({ username: 'root', password: 'hunter2' });
  const refused = await wrong.revision();
  expect(refused).toMatchObject({ ok: false, error: { code: 'ETCD_REFUSED' } });
  expect(JSON.stringify(refused)).toContain('the password is wrong');
  expect(JSON.stringify(refused)).not.toContain('hunter2');
  wrong.close();
});

test('without quorum a login cannot be had, and status and member list still answer', async () => {
  for (const member of cluster.members.slice(1)) await member.kill();
  const late = openWith(ROOT);
  expect(value(await late.members()).members).toHaveLength(3);
  expect(value(await late.status()).version).not.toBe('');
  expect(await late.revision()).toMatchObject({ ok: false });
  late.close();
});
