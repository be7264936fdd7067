/** The file by which one process asks another to pause. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { watchForPause } from '../../../../src/adapters/store/pause-word.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'peershift-pause-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the word that asks a run to pause', () => {
  it('is told once, and taken away', async () => {
    const word = path.join(folder, 'told');
    const tell = vi.fn();
    const watching = watchForPause(word, tell);
    await writeFile(word, '');
    await vi.waitUntil(() => tell.mock.calls.length > 0, 5000);
    expect(existsSync(word)).toBe(false);
    await watching.stop();
    expect(tell).toHaveBeenCalledTimes(1);
  });

  it('that an earlier run has not taken does not count, and none is left behind', async () => {
    const word = path.join(folder, 'old');
    await writeFile(word, '');
    const tell = vi.fn();
    const watching = watchForPause(word, tell);
    await vi.waitUntil(() => !existsSync(word), 5000);
    await watching.stop();
    await writeFile(word, '');
    const again = watchForPause(word, tell);
    await again.stop();
    expect(existsSync(word)).toBe(false);
    expect(tell).not.toHaveBeenCalled();
  });
});
