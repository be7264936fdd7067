/**
 * Goal: one command shows the whole story to somebody who has nothing yet. Method: `lab demo` with its
 * default gates, as a user who is not root, in a folder with nothing in it.
 */

import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { labDown } from '../../src/lab/lab-down.ts';
import { readLab } from '../../src/lab/lab-folder.ts';
import { type CommandEnd, command } from '../support/command.ts';
import { value } from '../support/etcd-calls.ts';
import { expectExit, STORY_MS } from '../support/lab-rig.ts';
import { folderForAll, installForOther, isRoot } from '../support/other-user.ts';

const silent = (): undefined => undefined;

describe('lab demo', () => {
  let base: string;
  let dir: string;
  let shown: CommandEnd;

  beforeAll(async () => {
    base = await mkdtemp(path.join(isRoot ? folderForAll() : tmpdir(), 'peershift-live-'));
    dir = path.join(base, 'lab');
    const how = isRoot ? installForOther(base) : {};
    shown = await command(['lab', 'demo', '--dir', dir], { ...how, folder: base });
  }, STORY_MS);

  afterAll(async () => {
    if (value(await readLab(dir)) !== undefined) value(await labDown({ dir }, silent));
    await rm(base, { recursive: true, force: true });
  });

  it('ends well: all members on https, nothing lost', () => {
    expectExit(shown, 0);
    expect(shown.stdout).toMatch(/^members on https +3\/3$/m);
    expect(shown.stdout).toMatch(/^writes lost +lost 0$/m);
    expect(shown.stdout).toMatch(/^restarts +5$/m);
    expect(Number(/^writes acknowledged +(\d+)$/m.exec(shown.stdout)?.[1])).toBeGreaterThan(1000);
  });

  it('shows the preview, the steps and the verification on the way', () => {
    for (const words of ['hold until', 'mutual TLS only']) expect(shown.stdout).toContain(words);
    expect(shown.said).toContain('run done');
    expect(shown.said).toMatch(
      /canary: \d{3,} writes through m1, m2, m3, .* \d{2,} keepalives, \d+ failed/,
    );
  });

  it('leaves a report that can be read', async () => {
    const report = /^report +(.+)$/m.exec(shown.stdout)?.[1] ?? '';
    expect(existsSync(report), report).toBe(true);
    expect(await readFile(report, 'utf8')).toContain('done');
  });

  it('leaves no member running', async () => {
    const { stopped } = value(await labDown({ dir }, silent));
    expect(stopped).toEqual([]);
    expect(await readdir(dir)).toContain('lab.json');
  });
});
