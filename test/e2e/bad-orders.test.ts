/**
 * Goal: what the proof refuses does real harm, and the harm that it names. Method: three bad orders, each
 * done by hand to live members without peershift, and each made into a rollout that prove has to refuse.
 */

import { describe, expect, it, vi } from 'vitest';

import { Gateway } from '../../src/lab/gateway.ts';
import { startWriter } from '../../src/lab/writer.ts';
import type { Failure } from '../../src/model/failure.ts';
import { memberName } from '../../src/model/ids.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import type { Step } from '../../src/model/step.ts';
import { prove } from '../../src/prove/prove.ts';
import { INVARIANTS } from '../../src/prove/rules.ts';
import { type Hands, MUTUAL, withHands } from '../support/hands.ts';
import { desiredFor } from '../support/rollouts.ts';
import { planOn } from '../support/small-clusters.ts';
import { httpWorld } from '../support/worlds.ts';

const NAMES = ['m1', 'm2', 'm3'] as const;
/** Elections are over within a second or two; a member that is not back by then is not coming back. */
const HARM_MS = 6000;
const SETTLES_MS = 30_000;
const PUT_MS = 3000;
/** A leader that no follower can answer gives up after one election timeout, 1 s. */
const STALL_MS = 700;

type Kind = 'advertise' | 'switch';

/** The documented order with m3 leading, its moves made in another order and trust given to nobody first. */
function byHand(order: readonly (readonly [Kind, string])[]): Rollout {
  const world = { ...httpWorld(3), leader: memberName('m3') };
  const good = planOn(world, desiredFor(world, { order: NAMES.map(memberName) }));
  const alone = (step: Step): Step => ({ ...step, group: undefined });
  const isOf = (step: Step, member: string): boolean =>
    'member' in step && step.member === member && step.phase !== 'trust';
  const moved = order.flatMap(([kind, member]) => {
    const own = good.steps.filter((step) => isOf(step, member)).map(alone);
    if (kind === 'advertise') return own.filter((step) => step.kind === 'advertise-peer');
    const goal = good.goal.find((each) => each.member === member)?.settings ?? {};
    const changes = Object.entries(goal).map(([flag, to]) => ({ flag, from: undefined, to }));
    return own.flatMap((step): readonly Step[] => {
      if (step.kind === 'configure-member')
        return step.phase === 'record' ? [] : [{ ...step, changes }];
      return step.kind === 'restart-member' ? [step] : [];
    });
  });
  const prepare = good.steps.filter((step) => step.phase === 'prepare');
  const record = good.steps.filter((step) => step.phase === 'record');
  return { ...good, steps: [...prepare, ...moved, ...record] };
}

/** By all rules, or by one alone: the first breach hides later ones. */
function refusal(rollout: Rollout, rule?: string): Failure {
  const invariants = INVARIANTS.filter(({ name }) => rule === undefined || name === rule);
  const proven = prove(rollout, { accept: [], rollbackFrom: undefined, invariants });
  if (proven.ok) throw new Error('the rollout was proven');
  expect(proven.error.code).toBe('UNSAFE_ROLLOUT');
  return proven.error;
}

async function untilHealthy(hands: Hands, names: readonly string[]): Promise<void> {
  const isSo = async (): Promise<boolean> => {
    const healthy = await hands.healthy();
    return names.every((name) => healthy.includes(name));
  };
  await vi.waitUntil(isSo, { timeout: SETTLES_MS });
}

/** Does nobody of these serve, at any look within the time? */
async function expectHarmed(hands: Hands, names: readonly string[]): Promise<void> {
  const endsAtMs = performance.now() + HARM_MS;
  while (performance.now() < endsAtMs) {
    const healthy = await hands.healthy();
    expect(names.filter((name) => healthy.includes(name))).toEqual([]);
  }
}

async function canWrite({ lab }: Hands, name: string): Promise<boolean> {
  const gateway = new Gateway(lab.members.find((each) => each.name === name)?.endpoint ?? '');
  const body = { key: Buffer.from('harm').toString('base64'), value: '' };
  const answer = await gateway.call('/kv/put', body, PUT_MS);
  gateway.close();
  return answer.kind === 'answered' && answer.status === 200;
}

/** Followers first, the leader last. */
async function leaderLast(hands: Hands): Promise<readonly [string, string, string]> {
  const leader = await vi.waitUntil(() => hands.leader(), { timeout: SETTLES_MS });
  const [first, second] = NAMES.filter((name) => name !== leader);
  if (first === undefined || second === undefined) throw new Error(`${leader} is nobody of these`);
  return [first, second, leader];
}

describe.concurrent('a bad order', () => {
  it('of new listeners under old URLs is refused, and loses the quorum at the last member', async () => {
    const whole = byHand(NAMES.map((name) => ['switch', name]));
    const refused = refusal(whole);
    expect(refused.but).toContain('6 of 6 ordered pairs could not dial');
    expect(refused.so).toContain('green until the last member is switched, and then');
    expect(refused.so).toContain('lose quorum');
    await withHands(async (hands) => {
      const [first, second, last] = await leaderLast(hands);
      for (const name of [first, second]) {
        await hands.restart(name, MUTUAL);
        await hands.untilServing(name);
      }
      expect(await canWrite(hands, last), 'a write before the last one').toBe(true);
      await hands.restart(last, MUTUAL);
      await vi.waitUntil(async () => (await hands.healthy()).length === 0, SETTLES_MS);
      await expectHarmed(hands, NAMES);
      const writes = await Promise.all(NAMES.map((name) => canWrite(hands, name)));
      expect(writes).toEqual([false, false, false]);
    });
  });

  it('of all URLs before any trust is refused, and isolates the restarted member until the next', async () => {
    const urls = NAMES.map((name) => ['advertise', name] as const);
    const whole = byHand([...urls, ...NAMES.map((name) => ['switch', name] as const)]);
    const refused = refusal(whole);
    expect(refused.but).toContain('(rule quorum)');
    expect(refused.but).toContain('is advertised at https://10.0.0.2:2380 and speaks plain http');
    expect(refusal(whole, 'cut-off').so).toContain('up and isolated; its clients time out');
    await withHands(async (hands) => {
      const [first, second, last] = await leaderLast(hands);
      for (const name of [first, second, last]) await hands.advertise(name, 'https');
      await untilHealthy(hands, NAMES);
      await hands.restart(first, MUTUAL);
      await expectHarmed(hands, [first]);
      await untilHealthy(hands, [second, last]);
      await hands.restart(second, MUTUAL);
      await untilHealthy(hands, [first, second]);
      await expectHarmed(hands, [last]);
    });
  });

  it("of one by one without trust is refused, and stops writes at the leader's update", async () => {
    const whole = byHand(NAMES.flatMap((name) => [['advertise', name] as const, ['switch', name]]));
    expect(refusal(whole).but).toContain("has not loaded the CA of m1's leaf (rule degraded)");
    const cut = refusal(whole, 'cut-off');
    expect(cut.would).toBe('advertise https://10.0.0.3:2380 for m3');
    expect(cut.but).toContain('m3 could neither dial nor be dialed by m1, m2');
    await withHands(async (hands) => {
      const [first, second, leader] = await leaderLast(hands);
      for (const name of [first, second]) {
        await hands.advertise(name, 'https');
        await hands.restart(name, MUTUAL);
        await hands.untilServing(name);
      }
      expect(await hands.leader(), 'who leads before its own update').toBe(leader);
      const endpoints = hands.lab.members.map(({ endpoint }) => endpoint);
      const writer = startWriter({ endpoints, keyPrefix: 'harm/', writesPerSecond: 60 });
      await vi.waitUntil(() => writer.acknowledged() > 50, SETTLES_MS);
      await hands.advertise(leader, 'https');
      await vi.waitUntil(async () => {
        const now = await hands.leader();
        return now === first || now === second;
      }, SETTLES_MS);
      await expectHarmed(hands, [leader]);
      const { longestStallMs } = await writer.stop();
      expect(longestStallMs).toBeGreaterThan(STALL_MS);
      await hands.restart(leader, MUTUAL);
      await untilHealthy(hands, NAMES);
    });
  });
});
