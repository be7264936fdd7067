/**
 * Goal: a run stops where a person wants it to, never inside a group, and is gone on with from there.
 * Method: one cluster under clients, moved in four parts: until a member, after a member, by a word from
 * another process, to the end.
 */

import { afterAll, describe, expect, it } from 'vitest';
import type { CommandEnd } from '../support/command.ts';
import {
  type Rig,
  type RigOptions,
  STORY_MS,
  endRigs,
  expectExit,
  withRig,
} from '../support/lab-rig.ts';

const IN_ORDER: RigOptions = {
  plan: (text) => {
    return `${text.replace(/^strategy: .*$/mu, 'strategy: trust-first')}order: [m1, m2, m3]\n`;
  },
};

describe('a run that is asked to pause', { timeout: STORY_MS }, () => {
  it('does so at the place, at a word and at the hour, and loses nothing', async () => {
    await withRig(IN_ORDER, async (rig) => {
      const nowhere = await rig.run('run', '--yes', '--pause-after', 'm9');
      expectExit(nowhere, 2);
      expect(nowhere.said).toContain('refused ARGUMENTS_INVALID · --pause-after');
      const facts = await rig.facts();
      const late = await rig.run('run', '--yes', '--only-during', closedWindow());
      expectExit(late, 3);
      expect(late.said).toContain('refused OUTSIDE_WINDOW');
      await rig.expectUnchanged(facts);

      const before = await rig.start('run', '--yes', '--until', 'm1').ended;
      expectPaused(before);
      expect(restarted(before)).toEqual([]);
      expect(await advertised(rig)).toEqual(['http', 'http', 'http']);

      // Trust first: m1 is restarted twice, and the second time it goes to https.
      const after = await rig.run('resume', '--yes', '--pause-after', 'm1');
      expectExit(after, 4);
      expect(after.said).toMatch(/run paused.* next: peershift resume \S+ goes on/u);
      expect(await advertised(rig)).toEqual(['https', 'http', 'http']);

      const running = rig.start('resume', '--yes');
      await running.intended((step) => step.kind === 'stop-member');
      const pause = await rig.run('pause');
      expectExit(pause, 0);
      const paused = await running.ended;
      expectPaused(paused);
      // The group that was in hand is whole.
      expect(await advertised(rig)).toEqual(['https', 'https', 'http']);
      expectExit(await rig.run('pause'), 3);

      expectExit(await rig.run('resume', '--yes'), 0);
      await rig.expectServing('https');
      expectExit(await rig.run('verify'), 0);
      expect(await rig.ownKeys()).toBe(0);
      await rig.expectNothingLost();
    });
  });
});

function expectPaused(end: CommandEnd): void {
  expectExit(end, 4);
  expect(end.events.at(-1)).toMatchObject({ type: 'outcome', exit: 4, code: 'PAUSED' });
}

function restarted(end: CommandEnd): readonly string[] {
  return end.events
    .flatMap((event) => (event.type === 'done' ? event.effects : []))
    .flatMap((effect) => {
      return effect.kind === 'restarted' ? [effect.member] : [];
    });
}

async function advertised(rig: Rig): Promise<readonly string[]> {
  const { peerUrls } = await rig.facts();
  return Object.keys(peerUrls)
    .sort()
    .map((name) => peerUrls[name]?.join() ?? '')
    .map((url) => url.slice(0, url.indexOf(':')));
}

/** One minute, twelve hours away. */
function closedWindow(): string {
  const hour = String((new Date().getHours() + 12) % 24);
  return `${hour}:00-${hour}:01`;
}

afterAll(endRigs);
