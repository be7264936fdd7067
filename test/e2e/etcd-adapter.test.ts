/**
 * Goal: every method of a member's door does on real etcd what it says, and ends in time when etcd does not.
 * Method: clusters of one and three members on loopback addresses; members are frozen, killed and put back.
 */

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import { present } from '../../src/base/assert.ts';
import { type MemberId, memberIdFromHex } from '../../src/model/ids.ts';
import { type PeerUrl, parsePeerUrl } from '../../src/model/url.ts';
import type { EtcdMember, LockAttempt } from '../../src/ports.ts';
import { elapsedMs, gateway, value } from '../support/etcd-calls.ts';
import { type EtcdCluster, type EtcdProcess, startCluster } from '../support/etcd-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CALL_MS = 2000;
/** A loaded machine answers late; a call without a deadline would never end. */
const SLACK_MS = 1500;
const KEY = '/peershift/test/lock';
const STRANGER = memberIdFromHex('abc');

const open = makeOpenEtcd({ callMs: CALL_MS });

function peerUrl(text: string): PeerUrl {
  return value(parsePeerUrl(text));
}

function acquired(attempt: LockAttempt): Extract<LockAttempt, { kind: 'acquired' }> {
  if (attempt.kind !== 'acquired') throw new Error(`held by ${attempt.owner}`);
  return attempt;
}

describe('one member', () => {
  let cluster: EtcdCluster;
  let etcd: EtcdProcess;
  let member: EtcdMember;
  let folder: string;

  beforeAll(async () => {
    cluster = await startCluster({ addresses: ['127.42.1.1'] });
    etcd = present(cluster.members[0], 'a member');
    member = open(etcd.clientUrl);
    folder = await mkdtemp(join(tmpdir(), 'peershift-adapter-'));
    await gateway(etcd, '/v3/kv/put', { key: btoa('a'), value: btoa('1') });
  });

  afterAll(async () => {
    member.close();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('the member list has IDs in hex, URLs as they stand, and who answered', async () => {
    const list = value(await member.members());
    expect(list.clusterId).toMatch(/^[0-9a-f]{1,16}$/);
    expect(list.members).toEqual([
      {
        id: list.answeredBy,
        name: 'm1',
        peerUrls: [etcd.peerUrl],
        clientUrls: [etcd.clientUrl],
        isLearner: false,
      },
    ]);
  });

  test('the status names version, leader, term and index as numbers', async () => {
    const status = value(await member.status());
    expect(status.version).toMatch(/^3\.\d+\.\d+/);
    expect(status.isLeader).toBe(true);
    expect(status.leaderId).toBe(status.memberId);
    expect(status.raftTerm).toBeGreaterThan(0);
    expect(status.appliedIndex).toBeGreaterThan(0);
    expect(status.raftIndex).toBeGreaterThanOrEqual(status.appliedIndex);
    expect(status.dbSizeBytes).toBeGreaterThan(0);
    expect(status.errors).toEqual([]);
  });

  test('the metrics hold etcd samples under their names and labels', async () => {
    const samples = value(await member.metrics());
    expect(samples.get('etcd_server_has_leader')).toBe(1);
    expect([...samples.keys()].some((name) => name.includes('{'))).toBe(true);
  });

  test('an alarm is listed by name and makes the member unhealthy', async () => {
    expect(value(await member.alarms())).toEqual([]);
    expect(value(await member.health()).isHealthy).toBe(true);
    const { memberId } = value(await member.status());
    const alarm = { memberID: BigInt(`0x${memberId}`).toString(), alarm: 'NOSPACE' };
    await gateway(etcd, '/v3/maintenance/alarm', { action: 'ACTIVATE', ...alarm });
    expect(value(await member.alarms())).toEqual([{ memberId, alarm: 'NOSPACE' }]);
    expect(value(await member.health()).isHealthy).toBe(false);
    await gateway(etcd, '/v3/maintenance/alarm', { action: 'DEACTIVATE', ...alarm });
    expect(value(await member.alarms())).toEqual([]);
  });

  test('the revision grows by one write, and the hash changes with it', async () => {
    const before = value(await member.revision());
    const hashBefore = value(await member.hashKv(before));
    await gateway(etcd, '/v3/kv/put', { key: btoa('b'), value: btoa('2') });
    const after = value(await member.revision());
    expect(BigInt(after)).toBe(BigInt(before) + 1n);
    expect(value(await member.hashKv(after)).hash).not.toBe(hashBefore.hash);
    expect(value(await member.hashKv(before))).toEqual(hashBefore);
  });

  test('a hash of a revision that is still to come is refused in words', async () => {
    const refused = await member.hashKv('999999');
    expect(refused).toMatchObject({ ok: false, error: { code: 'ETCD_REFUSED' } });
    expect(JSON.stringify(refused)).toContain('future revision');
  });

  test('a snapshot is a file whose SHA-256 is the one returned', async () => {
    const path = join(folder, 'backup.db');
    const saved = value(await member.snapshot(path));
    const bytes = await readFile(path);
    expect(bytes.length).toBe(saved.sizeBytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(saved.sha256);
    const body = bytes.subarray(0, -32);
    expect(createHash('sha256').update(body).digest()).toEqual(bytes.subarray(-32));
    expect(await readdir(folder)).toEqual(['backup.db']);
  });

  test('a snapshot into a folder that is not there fails with BACKUP_FAILED', async () => {
    const failed = await member.snapshot(join(folder, 'none', 'backup.db'));
    expect(failed).toMatchObject({ ok: false, error: { code: 'BACKUP_FAILED' } });
  });

  test('a lock is held by one, seen by all, renewed, and free after its release', async () => {
    const lock = acquired(value(await member.acquireLock(KEY, 'run one', 60)));
    const other = value(await member.acquireLock(KEY, 'run two', 90));
    expect(other).toMatchObject({ ...lock, kind: 'held', owner: 'run one' });
    expect(other.kind === 'held' && other.ttlSeconds).toBeGreaterThan(50);
    expect(value(await member.renewLease(lock.leaseId))).toBe(60);
    expect(value(await member.holdsLock(KEY, lock.createRevision))).toBe(true);
    value(await member.releaseLock(KEY, lock.createRevision, lock.leaseId));
    expect(value(await member.holdsLock(KEY, lock.createRevision))).toBe(false);
    expect(value(await member.renewLease(lock.leaseId))).toBe(0);
    const next = acquired(value(await member.acquireLock(KEY, 'run two', 60)));
    expect(value(await member.holdsLock(KEY, lock.createRevision))).toBe(false);
    value(await member.releaseLock(KEY, next.createRevision, next.leaseId));
  });

  test('the lease of an attempt that found the lock held is revoked', async () => {
    const lock = acquired(value(await member.acquireLock(KEY, 'run one', 60)));
    await member.acquireLock(KEY, 'run two', 60);
    const { leases } = await gateway<{ leases: unknown[] }>(etcd, '/v3/lease/leases', {});
    expect(leases).toHaveLength(1);
    value(await member.releaseLock(KEY, lock.createRevision, lock.leaseId));
  });

  test('a release after somebody else took the lock leaves the new one alone', async () => {
    const old = acquired(value(await member.acquireLock(KEY, 'run one', 60)));
    await gateway(etcd, '/v3/lease/revoke', { ID: old.leaseId });
    const fresh = acquired(value(await member.acquireLock(KEY, 'run two', 60)));
    value(await member.releaseLock(KEY, old.createRevision, old.leaseId));
    expect(value(await member.holdsLock(KEY, fresh.createRevision))).toBe(true);
    value(await member.releaseLock(KEY, fresh.createRevision, fresh.leaseId));
  });

  test('a key without a lease is reported as one that no run has made', async () => {
    const key = '/peershift/test/by-hand';
    await gateway(etcd, '/v3/kv/put', { key: btoa(key), value: btoa('me') });
    const refused = await member.acquireLock(key, 'run one', 60);
    expect(refused).toMatchObject({ ok: false, error: { code: 'ALREADY_RUNNING' } });
    expect(JSON.stringify(refused)).toContain('has no lease');
  });

  test('leases are counted, and as many as asked for tell how long they were granted for', async () => {
    const before = value(await member.leases(10)).count;
    for (const TTL of ['600', '700']) await gateway(etcd, '/v3/lease/grant', { TTL });
    const seen = value(await member.leases(10));
    expect(seen.count).toBe(before + 2);
    expect(seen.grantedSeconds).toEqual(expect.arrayContaining([600, 700]));
    expect(value(await member.leases(1)).grantedSeconds).toHaveLength(1);
  });

  test('a frozen member ends every call by its deadline', async () => {
    value(await member.status());
    await etcd.freeze();
    const url = peerUrl(etcd.peerUrl);
    const calls: Record<string, () => Promise<{ ok: boolean }>> = {
      members: () => member.members(),
      status: () => member.status(),
      health: () => member.health(),
      metrics: () => member.metrics(),
      alarms: () => member.alarms(),
      leases: () => member.leases(1),
      rolesOf: () => member.rolesOf('root'),
      updatePeerUrls: () => member.updatePeerUrls(STRANGER, [url]),
      moveLeader: () => member.moveLeader(STRANGER, CALL_MS),
      revision: () => member.revision(),
      hashKv: () => member.hashKv('1'),
      acquireLock: () => member.acquireLock(KEY, 'run one', 60),
      renewLease: () => member.renewLease('1'),
      holdsLock: () => member.holdsLock(KEY, '1'),
    };
    const ended = await Promise.all(
      Object.entries(calls).map(async ([name, call]) => [name, await elapsedMs(call)] as const),
    );
    etcd.thaw();
    await etcd.healthy();
    for (const [name, { answer, ms }] of ended) {
      expect(answer.ok, name).toBe(false);
      expect(ms, name).toBeGreaterThan(CALL_MS - 100);
      expect(ms, name).toBeLessThan(CALL_MS + SLACK_MS);
    }
  });

  test('a snapshot of a frozen member fails by its silence and leaves no file', async () => {
    await etcd.freeze();
    const quick = makeOpenEtcd({ callMs: 300 })(etcd.clientUrl);
    const { answer, ms } = await elapsedMs(() => quick.snapshot(join(folder, 'frozen.db')));
    etcd.thaw();
    await etcd.healthy();
    quick.close();
    expect(answer).toMatchObject({ ok: false, error: { code: 'BACKUP_FAILED' } });
    expect(ms).toBeLessThan(4 * 300 + SLACK_MS);
    expect(await readdir(folder)).not.toContain('frozen.db.partial');
  });

  test('a dead member is refused at once, and seen again when it is back', async () => {
    await etcd.kill();
    // The first call may still meet the old connection as it breaks.
    expect((await member.status()).ok).toBe(false);
    const { answer, ms } = await elapsedMs(() => member.status());
    expect(answer).toMatchObject({
      ok: false,
      error: {
        code: 'ENDPOINT_UNREACHABLE',
        but: 'the connection is refused: nothing listens on 127.42.1.1 port 2379',
      },
    });
    expect(ms).toBeLessThan(CALL_MS);
    const unsent = await member.updatePeerUrls(STRANGER, [peerUrl(etcd.peerUrl)]);
    expect(unsent).toMatchObject({
      ok: false,
      error: {
        code: 'ENDPOINT_UNREACHABLE',
        so: expect.stringContaining('nothing was sent') as string,
      },
    });
    await etcd.restart();
    await expect
      .poll(async () => (await member.status()).ok, { timeout: 5000, interval: 50 })
      .toBe(true);
  });

  test('a closed door answers that it is closed', async () => {
    const closed = open(etcd.clientUrl);
    value(await closed.members());
    closed.close();
    expect(await closed.members()).toMatchObject({ ok: false });
    expect(await closed.health()).toMatchObject({ ok: false });
  });

  test('a URL of something else than etcd is told apart', async () => {
    const peerPort = open(etcd.peerUrl);
    expect(await peerPort.metrics()).toMatchObject({ ok: false, error: { code: 'ETCD_REFUSED' } });
    peerPort.close();
  });
});

describe('three members', () => {
  let cluster: EtcdCluster;
  let members: readonly EtcdMember[];

  beforeAll(async () => {
    cluster = await startCluster({ addresses: ['127.42.1.11', '127.42.1.12', '127.42.1.13'] });
    members = cluster.members.map(({ clientUrl }) => open(clientUrl));
  });

  afterAll(async () => {
    for (const member of members) member.close();
    await cluster.stop();
  });

  async function roles(): Promise<{ leader: number; followers: readonly [number, number] }> {
    const all = await Promise.all(members.map(async (member) => value(await member.status())));
    const leader = all.findIndex(({ isLeader }) => isLeader);
    const [a, b] = [0, 1, 2].filter((index) => index !== leader);
    return { leader, followers: [present(a, 'a follower'), present(b, 'a follower')] };
  }

  function at(index: number): EtcdMember {
    return present(members[index], `member ${String(index)}`);
  }

  async function idOf(index: number): Promise<MemberId> {
    return value(await at(index).members()).answeredBy;
  }

  test('an update replaces the list of one member and is seen on every member', async () => {
    const id = await idOf(0);
    const own = peerUrl('http://127.42.1.11:2380');
    const both = [own, peerUrl('https://127.42.1.11:2380')];
    // The same list twice is accepted too; the last one is the state the next test starts from.
    for (const urls of [both, [own], [own]]) {
      value(await at(1).updatePeerUrls(id, urls));
      for (const member of members) {
        await expect
          .poll(
            async () => value(await member.members()).members.find((m) => m.id === id)?.peerUrls,
          )
          .toEqual(urls);
      }
    }
  });

  test('an update with a URL of another member, or for nobody, changes nothing and says why', async () => {
    const before = value(await at(0).members()).members;
    const taken = await at(0).updatePeerUrls(await idOf(0), [peerUrl('http://127.42.1.12:2380')]);
    expect(taken).toMatchObject({ ok: false, error: { code: 'STEP_FAILED' } });
    expect(JSON.stringify(taken)).toContain('another member has one of these URLs');
    const nobody = await at(0).updatePeerUrls(STRANGER, [peerUrl('http://127.42.1.19:2380')]);
    expect(nobody).toMatchObject({ ok: false, error: { code: 'STEP_FAILED' } });
    expect(JSON.stringify(nobody)).toContain('no member with this ID');
    expect(value(await at(0).members()).members).toEqual(before);
  });

  test('the leader hands over to the chosen member', async () => {
    const { leader, followers } = await roles();
    value(await at(leader).moveLeader(await idOf(followers[0]), 5000));
    await expect.poll(async () => (await roles()).leader).toBe(followers[0]);
  });

  test('a hand-over is refused by a follower and for a stranger', async () => {
    const { leader, followers } = await roles();
    const notLeader = await at(followers[0]).moveLeader(await idOf(followers[1]), 5000);
    expect(JSON.stringify(notLeader)).toContain('only the leader can hand over');
    const stranger = await at(leader).moveLeader(STRANGER, 5000);
    expect(stranger).toMatchObject({ ok: false, error: { code: 'STEP_FAILED' } });
    expect(JSON.stringify(stranger)).toContain('bad leader transferee');
  });

  test('all members give one hash at one revision', async () => {
    const revision = value(await at(0).revision());
    const hashes = [];
    for (const member of members) {
      await expect.poll(async () => (await member.hashKv(revision)).ok).toBe(true);
      hashes.push(value(await member.hashKv(revision)));
    }
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
    expect(new Set(hashes.map(({ compactRevision }) => compactRevision)).size).toBe(1);
  });

  test('without quorum looks still answer, and changes end with what is not known', async () => {
    const { leader, followers } = await roles();
    const [dead, alive] = followers;
    const deadId = await idOf(dead);
    await present(cluster.members[dead], 'the dead').kill();
    const late = await elapsedMs(() => at(leader).moveLeader(deadId, 1500));
    expect(late.answer).toMatchObject({ ok: false, error: { code: 'STEP_FAILED' } });
    expect(late.ms).toBeLessThan(1500 + SLACK_MS);
    await present(cluster.members[leader], 'the leader').kill();

    const left = at(alive);
    await expect
      .poll(async () => value(await left.status()).leaderId, { timeout: 20_000 })
      .toBeUndefined();
    expect(value(await left.status()).errors).toEqual(['etcdserver: no leader']);
    expect(value(await left.members()).members).toHaveLength(3);
    expect(value(await left.health()).isHealthy).toBe(false);
    const [revision, lock, update] = await Promise.all([
      elapsedMs(() => left.revision()),
      elapsedMs(() => left.acquireLock(KEY, 'run one', 60)),
      elapsedMs(async () => left.updatePeerUrls(deadId, [peerUrl('http://127.42.1.19:2380')])),
    ]);
    expect(revision.answer.ok).toBe(false);
    expect(lock.answer.ok).toBe(false);
    expect(update.answer).toMatchObject({ ok: false, error: { code: 'UPDATE_UNCERTAIN' } });
    for (const { ms } of [revision, lock, update]) expect(ms).toBeLessThan(CALL_MS + SLACK_MS);
  });
});
