/** Goal: the run log has every event, no secret, and never stops a run. Method: real files, and /dev/full. */

import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openRunLog } from '../../../../src/adapters/log/winston.ts';

const asIs = (text: string): string => text;
let folder = '';
let path = '';

interface Line {
  readonly at: string;
  readonly level: string;
  readonly type: string;
  readonly text?: string;
}

async function lines(): Promise<readonly Line[]> {
  const text = await readFile(path, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
  path = join(folder, 'run.log');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the run log', () => {
  it('has one JSON line for each event, with its time and level, in a private file', async () => {
    const log = openRunLog(path, asIs);
    log.emit({ type: 'looking', where: 'm1' });
    log.emit({ type: 'warning', text: 'grüße' });
    log.emit({ type: 'preview', preview: { size: 5n } });
    await log.close();
    const [first, second, third] = await lines();
    expect(first).toMatchObject({ level: 'info', type: 'looking' });
    expect(second).toMatchObject({ level: 'warn', type: 'warning', text: 'grüße' });
    expect(third).toMatchObject({ level: 'info', preview: { size: '5' } });
    expect(second?.at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(log.lost()).toEqual({ count: 0, reason: undefined });
  });

  it('has all of many events when it is closed at once', async () => {
    const log = openRunLog(path, asIs);
    for (let seq = 0; seq < 5000; seq++) log.emit({ type: 'warning', text: String(seq) });
    await log.close();
    expect((await lines()).map(({ text }) => Number(text))).toEqual([...Array(5000).keys()]);
  });

  it('takes secrets out of every line, however deep they stand', async () => {
    const log = openRunLog(path, (text) => text.replaceAll('hunter2', '***'));
    log.emit({ type: 'status', status: { members: [{ password: 'hunter2' }] } });
    await log.close();
    const text = await readFile(path, 'utf8');
    expect(text).toContain('"password":"***"');
    expect(text).not.toContain('hunter2');
  });

  it('goes on behind what is there, and makes it private', async () => {
    await writeFile(path, '{"type":"old"}\n');
    await chmod(path, 0o644);
    const log = openRunLog(path, asIs);
    log.emit({ type: 'looking', where: 'm1' });
    await log.close();
    expect((await lines()).map(({ type }) => type)).toEqual(['old', 'looking']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('counts what it could not write where the folder is missing, and closes', async () => {
    const log = openRunLog(join(folder, 'none/run.log'), asIs);
    log.emit({ type: 'looking', where: 'm1' });
    await log.close();
    expect(log.lost().count).toBeGreaterThan(0);
    expect(log.lost().reason).toBe('no such file or folder (ENOENT)');
  });

  it('counts what it could not write on a full disk, and closes', async () => {
    const full = openRunLog('/dev/full', asIs);
    for (let seq = 0; seq < 100; seq++) full.emit({ type: 'warning', text: String(seq) });
    await full.close();
    expect(full.lost().reason).toBe('the disk is full (ENOSPC)');
    expect(full.lost().count).toBeGreaterThan(0);
  });
});
