/**
 * Goal: what the model says of a raft snapshot is so: it goes the way that the leader dials, and no other.
 * Method: a member misses more entries than a leader keeps, and comes back where the leader cannot dial
 * it while it can dial the leader; later it is made dialable again.
 */

import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';

import { base64, fieldOf, Gateway } from '../../src/lab/gateway.ts';
import type { Lab } from '../../src/lab/lab-folder.ts';
import { startMember, stopMember } from '../../src/lab/member-process.ts';
import { memberName } from '../../src/model/ids.ts';
import { value } from '../support/etcd-calls.ts';
import { type Hands, MUTUAL, PLAIN, withHands } from '../support/hands.ts';
import { openEyes } from '../support/seen-world.ts';
import { answersOf, effectOf } from '../support/walk.ts';

/** etcd 3.4 keeps 5000 entries behind its last snapshot (SnapshotCatchUpEntries); one is made each 100. */
const SNAPSHOT_COUNT = 100;
const MISSED_ENTRIES = 5400;
const WRITERS = 32;
const PUT_MS = 5000;
const CALL_MS = 3000;
const SETTLES_MS = 30_000;
/** The leader tries about ten times a second: long enough to see that it does not come through. */
const BEHIND_MS = 8000;
const STORY_MS = 240_000;

async function withFewEntries(lab: Lab): Promise<void> {
  for (const member of lab.members) {
    value(await stopMember(member));
    const line = `ETCD_SNAPSHOT_COUNT="${String(SNAPSHOT_COUNT)}"\n`;
    await appendFile(path.join(member.folder, 'etcd.env'), line);
    value(await startMember(member));
  }
}

/** Small writes through one member, many at a time. */
async function writeMany(endpoint: string, count: number): Promise<void> {
  let left = count;
  const one = async (at: number): Promise<void> => {
    const gateway = new Gateway(endpoint);
    while (left > 0) {
      left -= 1;
      const body = { key: base64(`missed/${String(at)}`), value: base64(String(left)) };
      const answer = await gateway.call('/kv/put', body, PUT_MS);
      if (answer.kind !== 'answered' || answer.status !== 200) left += 1;
    }
    gateway.close();
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, at) => one(at)));
}

async function appliedIndex(hands: Hands, name: string): Promise<number> {
  const answer = await hands.ask(name, (gateway) => {
    return gateway.call('/maintenance/status', {}, CALL_MS);
  });
  return answer.kind === 'answered' ? Number(fieldOf(answer.text, 'raftAppliedIndex') ?? 0) : 0;
}

/** How many snapshots could not be sent, as the member counts them. */
async function sendFailures(hands: Hands, name: string): Promise<number> {
  const answer = await hands.ask(name, (gateway) => gateway.get('/metrics', CALL_MS));
  const text = answer.kind === 'answered' ? answer.text : '';
  const counts = text.matchAll(/^etcd_network_snapshot_send_failures\{To="\w+"\} (\S+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('a member that needs a raft snapshot', () => {
  it(
    'stays behind while the leader cannot dial it, as the model says, and catches up when it can',
    async () => {
      await withHands(async (hands) => {
        const names = hands.lab.members.map(({ name }) => name);
        const leader = await vi.waitUntil(() => hands.leader(), { timeout: SETTLES_MS });
        const late = names.find((name) => name !== leader) ?? '';
        const eyes = await openEyes(hands.lab);
        const before = value(await eyes.look());
        await eyes.close();
        const member = memberName(late);
        const told = effectOf(before, { kind: 'update', member, urls: 'https' }, hands.bench);
        const foretold = effectOf(told, { kind: 'switch', member, config: MUTUAL }, hands.bench);
        expect(answersOf(foretold).get(`${leader}>${late}`)).toBe('no-trust');
        expect(answersOf(foretold).get(`${late}>${leader}`)).toBe('http');

        await hands.advertise(late, 'https');
        await hands.stop(late);
        await writeMany(hands.member(leader).endpoint, MISSED_ENTRIES);
        await hands.restart(late, MUTUAL);
        await vi.waitUntil(async () => (await sendFailures(hands, leader)) > 0, {
          timeout: SETTLES_MS,
        });
        expect(await hands.leader(), 'who leads').toBe(leader);
        const failures = await sendFailures(hands, leader);
        const index = await appliedIndex(hands, leader);
        const endsAtMs = performance.now() + BEHIND_MS;
        while (performance.now() < endsAtMs) {
          expect(await appliedIndex(hands, late), `what ${late} has applied`).toBeLessThan(index);
          expect(await hands.healthy()).not.toContain(late);
        }
        expect(await sendFailures(hands, leader)).toBeGreaterThan(failures);

        await hands.advertise(late, 'http');
        await hands.restart(late, { ...PLAIN, loadsTrust: true, loadsLeaf: true });
        await vi.waitUntil(async () => (await appliedIndex(hands, late)) >= index, {
          timeout: SETTLES_MS,
          interval: 200,
        });
        await vi.waitUntil(async () => (await hands.healthy()).includes(late), SETTLES_MS);
      }, withFewEntries);
    },
    STORY_MS,
  );
});
