/**
 * Goal: the first rollout of the README is one. Method: its commands, word for word, in an empty folder; only the
 * question is answered beforehand, and the order with the fewest gates is taken, with short quiet times.
 */

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { labDown } from '../../src/lab/lab-down.ts';
import { readLab } from '../../src/lab/lab-folder.ts';
import { command } from '../support/command.ts';
import { value } from '../support/etcd-calls.ts';
import { STORY_MS, expectExit } from '../support/lab-rig.ts';
import { wordForWord } from '../support/readme.ts';

const ENDS: Readonly<Record<string, RegExp>> = {
  'lab up': /plan\.yaml/u,
  preview: /nothing has been changed\n$/u,
  run: /run done/u,
  verify: /mutual TLS only/u,
  'lab down': /stopped/u,
};

describe('the first rollout of the README', () => {
  let folder: string;
  let lab: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'peershift-live-'));
    lab = path.join(folder, 'peershift-lab');
  });

  afterAll(async () => {
    if (value(await readLab(lab)) !== undefined) {
      value(await labDown({ dir: lab, purge: true }, () => undefined));
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('does what it says, word for word', { timeout: STORY_MS }, async () => {
    const typed: string[] = [];
    for (const line of wordForWord()) {
      const [, verb = '', second = '', ...more] = line.split(' ');
      const name = verb === 'lab' ? `${verb} ${second}` : verb;
      const answered = verb === 'run' ? ['--yes'] : [];
      const end = await command([verb, second, ...more, ...answered], { folder });
      expectExit(end, 0);
      expect(`${end.stdout}${end.stderr}`).toMatch(ENDS[name] ?? /^$/u);
      if (name === 'lab up') await shorten(path.join(lab, 'plan.yaml'));
      typed.push(name);
    }
    expect(typed).toEqual(Object.keys(ENDS));
    expect(existsSync(lab)).toBe(false);
  });
});

async function shorten(planFile: string): Promise<void> {
  const text = await readFile(planFile, 'utf8');
  const quick = text.replace('strategy: documented', 'strategy: fewest-restarts');
  expect(quick).not.toBe(text);
  await writeFile(planFile, `${quick}\ngates: { quiet: 1s }\n`);
}
