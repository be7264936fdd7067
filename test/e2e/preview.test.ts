/**
 * Goal: whoever only looks changes nothing, and sees the whole rollout at once. Method: digests of every
 * file, pids and the member list before and after each command that looks.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CommandEnd } from '../support/command.ts';
import { type Rig, endRigs, expectExit, startRig } from '../support/lab-rig.ts';

/** Far above what it takes (the figure is printed), far below what a person would wait for. */
const PATIENCE_MS = 3000;

describe('before the first change', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig();
  });

  afterAll(endRigs);

  async function changesNothing(...words: readonly [string, ...string[]]): Promise<CommandEnd> {
    const [verb, ...flags] = words;
    const facts = await rig.facts();
    const end = await rig.run(verb, ...flags);
    expect(await rig.facts()).toEqual(facts);
    expect(await rig.ownKeys()).toBe(0);
    return end;
  }

  it('preview prints the whole rollout soon, and changes nothing', async () => {
    const end = await changesNothing('preview');
    expectExit(end, 0);
    process.stdout.write(`preview of 3 members: ${String(Math.round(end.tookMs))} ms\n`);
    expect(end.tookMs).toBeLessThan(PATIENCE_MS);
    expect(end.stderr).toBe('');
    const restarts = end.stdout.match(/^ *\w* +\d+ {2}restart m\d/gm) ?? [];
    expect(restarts).toHaveLength(5);
    const updates = end.stdout.match(/^ *\w* +\d+ {2}advertise https:/gm) ?? [];
    expect(updates).toHaveLength(3);
    for (const words of ['hold until', 'undo:', 'proof', 'window 1', 'nothing has been changed']) {
      expect(end.stdout).toContain(words);
    }
  });

  it('preview --json is one event a line, the last of them the outcome', async () => {
    const end = await changesNothing('preview', '--json', '--exit-code');
    expectExit(end, 10);
    const lines = end.stdout.trimEnd().split('\n');
    expect(end.events).toHaveLength(lines.length);
    expect(end.events.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1));
    expect(end.events.at(-1)).toMatchObject({ type: 'outcome', exit: 10, code: 'CHANGES' });
  });

  it('run --dry-run is preview', async () => {
    const [dry, preview] = [await changesNothing('run', '--dry-run'), await rig.run('preview')];
    expectExit(dry, 0);
    const steps = (text: string): readonly string[] =>
      text.split('\n').filter((line) => /^ *\w* +\d+ {2}\w/.test(line));
    expect(steps(dry.stdout).length).toBeGreaterThan(10);
    expect(steps(dry.stdout)).toEqual(steps(preview.stdout));
  });

  it('status shows every member and changes nothing', async () => {
    const end = await changesNothing('status');
    expectExit(end, 0);
    for (const { name, address } of rig.lab.members) {
      expect(end.stdout).toMatch(new RegExp(`^${name} .*healthy`, 'm'));
      expect(end.stdout).toContain(`http://${address}:2380`);
    }
  });

  it('verify says that the links are not TLS, and changes nothing', async () => {
    const end = await changesNothing('verify');
    expectExit(end, 3);
    expect(end.stdout).not.toContain('mutual TLS only');
    expect(end.stdout).toContain('http');
  });

  it('clients lose nothing', async () => {
    await rig.expectNothingLost();
  });
});
