/**
 * Goal: the lab is a real cluster that starts, serves, loses nothing, and ends without a trace.
 * Method: real etcd members in a folder whose name no shell would like, stopped, killed and tampered with.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { commandService } from '../../src/adapters/command/service.ts';
import { localHost } from '../../src/adapters/local/host.ts';
import type { Result } from '../../src/base/result.ts';
import type { LabUp } from '../../src/lab/cluster.ts';
import { labUp } from '../../src/lab/cluster.ts';
import { base64, Gateway } from '../../src/lab/gateway.ts';
import { labDown } from '../../src/lab/lab-down.ts';
import type { LabMember } from '../../src/lab/lab-folder.ts';
import { labStatus } from '../../src/lab/lab-status.ts';
import { startLeaseKeeper } from '../../src/lab/lease-keeper.ts';
import { runningPid, startMember, stopMember } from '../../src/lab/member-process.ts';
import { startWriter } from '../../src/lab/writer.ts';

const AWKWARD_NAME = 'it\'s a "lab" $HOME';
const silent = (): undefined => undefined;

function valueOf<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** A zombie is gone for our purposes: it waits for its parent, and its command line is empty. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`).length > 0;
  } catch {
    return false;
  }
}

describe('a lab of three members', () => {
  let base: string;
  let dir: string;
  let lab: LabUp;

  function member(name: string): LabMember {
    const found = lab.members.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no member ${name}`);
    return found;
  }

  async function pidOf(name: string): Promise<number> {
    const pid = valueOf(await runningPid(member(name)));
    if (pid === undefined) throw new Error(`${name} is stopped`);
    return pid;
  }

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'peershift-lab-'));
    dir = join(base, AWKWARD_NAME);
    lab = valueOf(await labUp({ dir }, silent));
  });

  afterAll(async () => {
    valueOf(await labDown({ dir, purge: true }, silent));
    await rm(base, { recursive: true, force: true });
  });

  it('is healthy, has one leader and speaks http between its members', async () => {
    const { members } = valueOf(await labStatus({ dir }));
    expect(members.map(({ name, health }) => [name, health])).toEqual([
      ['m1', 'healthy'],
      ['m2', 'healthy'],
      ['m3', 'healthy'],
    ]);
    expect(members.filter(({ isLeader }) => isLeader === true)).toHaveLength(1);
    for (const { endpoint, peerUrls, version } of members) {
      expect(peerUrls).toEqual([endpoint.replace('2379', '2380')]);
      expect(version).toBe(lab.mark.etcd.version);
    }
  });

  it('is left as it is when it is up already', async () => {
    const before = await Promise.all(['m1', 'm2', 'm3'].map(pidOf));
    const again = valueOf(await labUp({ dir }, silent));
    expect(again).toMatchObject({ isNew: false, started: [] });
    expect(await Promise.all(['m1', 'm2', 'm3'].map(pidOf))).toEqual(before);
  });

  it('is refused with another number of members than it has', async () => {
    const refused = await labUp({ dir, members: 5 }, silent);
    expect(refused).toMatchObject({ ok: false, error: { code: 'LAB_FAILED' } });
  });

  it('is run by its scripts through the same door that peershift uses', async () => {
    const { folder } = member('m2');
    const host = localHost('here');
    const argv = (name: string): [string, string] => ['sh', join(folder, name)];
    const service = commandService(
      host,
      {
        manager: 'command',
        start: argv('start.sh'),
        stop: argv('stop.sh'),
        status: argv('status.sh'),
        logFile: undefined,
      },
      'm2',
      () => [],
    );
    const options = { deadlineMs: 60_000, marker: 'peershift-lab-test' };
    const before = await pidOf('m2');
    valueOf(await service.stop(options));
    expect(isAlive(before)).toBe(false);
    expect(await service.state()).toMatchObject({ value: { isRunning: false } });
    valueOf(await service.start(options));
    valueOf(await service.start(options));
    expect(await service.state()).toMatchObject({
      value: { isRunning: true, pid: await pidOf('m2') },
    });
    // A member must not look like a command that a dead peershift left running.
    expect(valueOf(await host.commandsMarked(options.marker))).toEqual([]);
    await host.close();
  });

  it('loses no acknowledged write and no lease when a member is killed and started again', async () => {
    const endpoints = lab.members.map(({ endpoint }) => endpoint);
    const writer = startWriter({ endpoints, keyPrefix: 'killed/' });
    const keeper = startLeaseKeeper({ endpoints });
    const written = async (more: number): Promise<void> => {
      const target = writer.acknowledged() + more;
      await vi.waitUntil(() => writer.acknowledged() >= target, { timeout: 60_000 });
    };
    await written(300);
    const pid = await pidOf('m3');
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 10_000 });
    await written(300);
    expect(valueOf(await labStatus({ dir })).members[2]).toMatchObject({ health: 'stopped' });
    valueOf(await startMember(member('m3')));
    await written(300);
    const report = await writer.stop();
    const leases = await keeper.stop();
    const readBack = valueOf(await writer.readBack());
    expect(readBack).toEqual({ read: report.acknowledged, lost: [], mismatched: [] });
    expect(report.acknowledged).toBeGreaterThanOrEqual(900);
    expect(report.failedRequests).toBeGreaterThan(0);
    expect(report.longestStallMs).toBeGreaterThan(0);
    expect(leases).toMatchObject({ leases: 3, survived: 3 });
  });

  it('has a lost write and a changed value found, key by key', async () => {
    const endpoints = lab.members.map(({ endpoint }) => endpoint);
    const writer = startWriter({ endpoints, keyPrefix: 'tampered/', clients: 2 });
    await vi.waitUntil(() => writer.acknowledged() >= 20, { timeout: 30_000 });
    await writer.stop();
    const lost = 'tampered/c0/000000000003';
    const changed = 'tampered/c1/000000000004';
    const gateway = new Gateway(member('m1').endpoint);
    await gateway.call('/kv/deleterange', { key: base64(lost) }, 5000);
    await gateway.call('/kv/put', { key: base64(changed), value: base64('other') }, 5000);
    gateway.close();
    const readBack = valueOf(await writer.readBack());
    expect(readBack).toMatchObject({ lost: [lost], mismatched: [changed] });
  });

  it('ends no process that only has the pid of a member', async () => {
    const { folder } = member('m1');
    valueOf(await stopMember(member('m1')));
    const stranger: ChildProcess = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      await once(stranger, 'spawn');
      const pid = stranger.pid ?? 0;
      const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
      const startTime = stat.split(') ')[1]?.split(' ')[19] ?? '';
      // First a pid that was used again, then the same process under another program.
      for (const recorded of ['1', startTime]) {
        await writeFile(join(folder, 'etcd.pid'), `${String(pid)} ${recorded}\n`);
        expect(valueOf(await runningPid(member('m1')))).toBeUndefined();
        valueOf(await stopMember(member('m1')));
        expect(isAlive(pid)).toBe(true);
      }
    } finally {
      stranger.kill('SIGKILL');
    }
    valueOf(await startMember(member('m1')));
  });

  it('says at once why a member does not start, with the end of its log', async () => {
    const { folder } = member('m1');
    const settings = join(folder, 'etcd.env');
    const kept = await readFile(settings);
    valueOf(await stopMember(member('m1')));
    await appendFile(settings, 'ETCD_LISTEN_PEER_URLS=http://no-such-name.invalid:2380\n');
    const refused = await startMember(member('m1'));
    expect(refused).toMatchObject({ ok: false, error: { code: 'LAB_FAILED' } });
    if (!refused.ok) expect(refused.error.but).toContain('no-such-name.invalid');
    await writeFile(settings, kept);
    const up = valueOf(await labUp({ dir }, silent));
    expect(up.started).toEqual(['m1']);
  });

  it('is down without a process left, keeps its data, and goes on from there', async () => {
    const pids = await Promise.all(['m1', 'm2', 'm3'].map(pidOf));
    const gateway = new Gateway(member('m1').endpoint);
    await gateway.call('/kv/put', { key: base64('kept'), value: base64('here') }, 5000);
    const down = valueOf(await labDown({ dir }, silent));
    expect(down).toMatchObject({ stopped: ['m1', 'm2', 'm3'], isRemoved: false });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(valueOf(await labDown({ dir }, silent)).stopped).toEqual([]);
    valueOf(await labUp({ dir }, silent));
    const answer = await gateway.call('/kv/range', { key: base64('kept') }, 5000);
    gateway.close();
    expect(answer).toMatchObject({ kind: 'answered', status: 200 });
    expect(JSON.stringify(answer)).toContain(base64('here'));
  });
});
