/**
 * Goal: what others do to a cluster while a run is going on is waited out, stopped at or kept, and never
 * made worse. Method: members frozen, killed, stopped; the leader moved, the lock taken away, a settings
 * file edited, each at a moment that the events of the run name. A cluster each; they run together.
 */

import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { fieldOf } from '../../src/lab/gateway.ts';
import { runningPid, startMember, stopMember } from '../../src/lab/member-process.ts';
import type { RunningCommand } from '../support/command.ts';
import { value } from '../support/etcd-calls.ts';
import { freeze, thaw } from '../support/frozen.ts';
import { endRigs, expectExit, type Rig, withRig, STORY_MS } from '../support/lab-rig.ts';

const IN_ORDER = 'order: [m1, m2, m3]\n';

async function pidOf(rig: Rig, name: string): Promise<number> {
  const pid = value(await runningPid(rig.member(name)));
  if (pid === undefined) throw new Error(`${name} is stopped`);
  return pid;
}

/** From here on the gate after this member's first restart in the phase judges. */
async function gateBegins(running: RunningCommand, member: string, phase: string): Promise<void> {
  const step = await running.intended((each) => {
    return each.kind === 'restart-member' && each.member === member && each.phase === phase;
  });
  await running.event((event) => event.type === 'done' && event.step === step.id);
}

/** A gate says that it waits for this member itself, not for a probe of one of its links. */
function waitsFor(running: RunningCommand, member: string): Promise<unknown> {
  const named = new RegExp(`(?:^|; )${member}(?:: | to answer)`);
  return running.event((event) => event.type === 'gate-waits' && named.test(event.waitsFor));
}

/** Hands leadership to another member than the one that has it, as an operator would. */
async function moveLeader(rig: Rig): Promise<void> {
  const status = await rig.call('m1', '/maintenance/status', {});
  const leader = String(fieldOf(status, 'leader'));
  const list = JSON.parse(await rig.call('m1', '/cluster/member/list', {})) as {
    members: readonly { ID: string; name: string }[];
  };
  const from = list.members.find(({ ID }) => ID === leader);
  const to = list.members.find(({ ID }) => ID !== leader);
  await rig.call(from?.name ?? '', '/maintenance/transfer-leadership', { targetID: to?.ID });
}

describe.concurrent('a run goes on to its end', { timeout: STORY_MS }, () => {
  it('past a frozen member, a moved leader and a member that was killed and came back', async () => {
    await withRig({ plan: (text) => `${text}${IN_ORDER}` }, async (rig) => {
      const running = rig.start('run', '--yes');
      await gateBegins(running, 'm1', 'first');
      const frozen = await pidOf(rig, 'm3');
      await freeze(frozen);
      try {
        await waitsFor(running, 'm3');
      } finally {
        thaw(frozen);
      }
      await gateBegins(running, 'm2', 'trust');
      await moveLeader(rig);
      await gateBegins(running, 'm3', 'trust');
      process.kill(await pidOf(rig, 'm1'), 'SIGKILL');
      await waitsFor(running, 'm1');
      value(await startMember(rig.member('m1')));
      expectExit(await running.ended, 0);
      await rig.expectServing('https');
      expectExit(await rig.run('verify'), 0);
      await rig.expectNothingLost();
    });
  });
});

describe.concurrent('a run stops where it can be gone on with', { timeout: STORY_MS }, () => {
  it('when another member stays down, and when its lock is taken away', async () => {
    const plan = (text: string): string =>
      `${text.replace('quiet: 1s', 'quiet: 1s, timeout: 10s')}${IN_ORDER}`;
    await withRig({ plan }, async (rig) => {
      const running = rig.start('run', '--yes');
      await gateBegins(running, 'm1', 'first');
      value(await stopMember(rig.member('m3')));
      const paused = await running.ended;
      expectExit(paused, 4);
      expect(paused.events.findLast(({ type }) => type === 'failure')).toMatchObject({
        failure: { but: expect.stringContaining('m3') as string },
      });
      value(await startMember(rig.member('m3')));
      const resumed = rig.start('resume', '--yes');
      const first = await resumed.intended((step) => {
        return step.kind === 'advertise-peer' && step.member === 'm2';
      });
      await resumed.event((event) => event.type === 'done' && event.step === first.id);
      const [key, end] = ['/peershift/', '/peershift0'].map((text) => {
        return Buffer.from(text).toString('base64');
      });
      await rig.call('m1', '/kv/deleterange', { key, range_end: end });
      const stopped = await resumed.ended;
      expectExit(stopped, 4);
      const told = stopped.events.findLast(({ type }) => type === 'failure');
      expect(JSON.stringify(told)).toContain('lock');
      // The group in hand was finished: the member is not half way.
      const { peerUrls } = await rig.facts();
      const config = (await rig.configs())['m2'] ?? '';
      const { address } = rig.member('m2');
      expect(peerUrls['m2']).toEqual([`https://${address}:2380`]);
      expect(config).toContain(`ETCD_LISTEN_PEER_URLS=https://${address}:2380\n`);
      expectExit(await rig.run('resume', '--yes'), 0);
      await rig.expectServing('https');
      await rig.expectNothingLost();
    });
  });

  it('and what somebody wrote into a settings file meanwhile is kept on the way back', async () => {
    await withRig({ plan: (text) => `${text}${IN_ORDER}` }, async (rig) => {
      const before = await rig.configs();
      const edit = '\n# tuned by hand\nETCD_HEARTBEAT_INTERVAL=150\n';
      const running = rig.start('run', '--yes');
      await gateBegins(running, 'm1', 'first');
      await appendFile(path.join(rig.member('m2').folder, 'etcd.env'), edit);
      const end = await running.ended;
      expectExit(end, 5);
      expect(end.events.findLast(({ type }) => type === 'failure')).toMatchObject({
        failure: { code: 'CONFIG_CHANGED' },
      });
      await rig.expectServing('http');
      expect(await rig.configs()).toEqual({ ...before, m2: `${before['m2'] ?? ''}${edit}` });
      await rig.expectNothingLost();
    });
  });
});

afterAll(endRigs);
