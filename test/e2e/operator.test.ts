/**
 * Goal: a person at a terminal can follow a run, stop it by a key, run what was saved, and have hooks told. Method: one
 * member, moved in a terminal of its own; `p`, then `q`, then to the end without a terminal.
 */

import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';
import { inTerminal } from '../support/terminal.ts';

const FLAGS = ['--yes', '--accept-downtime'];

/** Each appends what it is told to a file; the one before a step refuses while another file is there. */
const HOOKS = [
  'hooks:',
  '  beforeStep: [sh, -c, "cat >> told.jsonl; test ! -e refuse"]',
  '  afterGate: [sh, -c, "cat >> told.jsonl"]',
  '',
].join('\n');

describe('an operator', { timeout: STORY_MS }, () => {
  it('runs what was saved, stops it by key, and goes on where it stood', async () => {
    const plan = (text: string, { dir }: { dir: string }): string => {
      return (
        text +
        HOOKS.replaceAll('told.jsonl', path.join(dir, 'told.jsonl')).replace(
          ' refuse',
          ` ${path.join(dir, 'refuse')}`,
        )
      );
    };
    await withRig({ members: 1, plan }, async (rig) => {
      const { planFile, dir } = rig.lab;
      const saved = path.join(dir, 'rollout.json');
      expectExit(await rig.run('preview', '--accept-downtime', '--out', saved), 0);
      expectExit(await rig.run('preview', '--accept-downtime', '--out', saved), 3);

      // The plan file changes, and changes back.
      const text = await readFile(planFile, 'utf8');
      await writeFile(planFile, `${text}# one more line\n`);
      const stale = await rig.startWords(['run', saved, ...FLAGS]).ended;
      expectExit(stale, 3);
      expect(stale.stderr).toContain('ROLLOUT_STALE');
      await writeFile(planFile, text);

      // A hook may stop it before anything is touched.
      await writeFile(path.join(dir, 'refuse'), '');
      const refused = await rig.startWords(['run', saved, ...FLAGS]).ended;
      expectExit(refused, 4);
      expect(refused.stderr).toContain('HOOK_FAILED');
      await rig.expectServing('http');
      await writeFile(path.join(dir, 'told.jsonl'), '');
      await rm(path.join(dir, 'refuse'));

      const paused = await inTerminal(
        ['resume', planFile, ...FLAGS],
        [{ when: /step +1 of \d+ · /u, key: 'p' }],
      );
      expect(paused.exit, paused.shown).toBe(4);
      expect(paused.shown).toContain('as asked by p');

      const stopped = await inTerminal(
        ['resume', planFile, ...FLAGS, '--watch-writes'],
        [{ when: /gate +\d+ s left of/u, key: 'q' }],
      );
      expect(stopped.exit, stopped.shown).toBe(130);
      expect(stopped.shown).toMatch(/phases +prepare ✓/u);
      expect(stopped.shown).toMatch(/writes +\d+ changes\/s · m1 leads/u);
      expect(stopped.shown).toMatch(/time +[\d.]+ s so far · about \d+ s to go/u);
      expect(stopped.shown).toContain('stopping on q');

      const end = await rig.run('resume', ...FLAGS);
      expectExit(end, 0);
      const lines = end.stderr.trim().split('\n');
      expect(lines.filter((line) => !/^\d\d:\d\d:\d\d {2}\S/u.test(line))).toEqual([]);
      await rig.expectServing('https');

      const told = (await readFile(path.join(dir, 'told.jsonl'), 'utf8')).trim().split('\n');
      const events = told.map((line) => JSON.parse(line) as { point: string; run: string });
      expect(new Set(events.map(({ point }) => point))).toEqual(
        new Set(['beforeStep', 'afterGate']),
      );
      expect(new Set(events.map(({ run }) => run)).size).toBe(1);
      const page = path.join(dir, 'page.html');
      expectExit(await rig.run('report', '--html', page), 0);
      expect(await readFile(page, 'utf8')).toContain('changes/s');
      await rig.expectNothingLost();
    });
  });
});

afterAll(endRigs);
