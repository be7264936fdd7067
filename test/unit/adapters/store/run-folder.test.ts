/** Goal: each run has one private place, and only one run works in it. Method: real folders and locks. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  createRunFolder,
  listRuns,
  makeStateFolder,
  saveInRun,
  stateFolder,
} from '../../../../src/adapters/store/run-folder.ts';
import { lockState } from '../../../../src/adapters/store/run-lock.ts';
import { present } from '../../../../src/base/assert.ts';
import type { Result } from '../../../../src/base/result.ts';
import type { Failure } from '../../../../src/model/failure.ts';
import { runId } from '../../../../src/model/ids.ts';

let folder = '';
let state = '';

function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.but}`);
  return result.value;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peershift-test-'));
  state = stateFolder(join(folder, 'plan.yaml'), 'prod');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the folder of a plan', () => {
  it('stands beside the plan file, or where --state says', () => {
    expect(state).toBe(join(folder, '.peershift/prod'));
    expect(stateFolder(join(folder, 'plan.yaml'), 'prod', '/s')).toBe('/s/prod');
  });

  it.each(['../..', 'a/b', '.', '..', '.hidden'])('stays inside for a plan named %s', (name) => {
    const path = stateFolder(join(folder, 'plan.yaml'), name);
    expect(path.startsWith(join(folder, '.peershift/'))).toBe(true);
    expect(path.slice(join(folder, '.peershift/').length)).toMatch(/^[^./][^/]*$/);
  });

  it('holds each run in a private folder of its own', async () => {
    const run = valueOf(await createRunFolder(state, runId('20260102-030405-abc')));
    expect(run).toMatchObject({
      path: join(state, '20260102-030405-abc'),
      journal: join(state, '20260102-030405-abc/journal.jsonl'),
      backup: join(state, '20260102-030405-abc/backup.db'),
    });
    for (const path of [state, run.path, run.files]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    }
  });

  it('does not give one run the folder of another', async () => {
    valueOf(await createRunFolder(state, runId('r1')));
    const again = await createRunFolder(state, runId('r1'));
    expect(again).toMatchObject({ ok: false, error: { code: 'STATE_UNWRITABLE' } });
  });

  it('lists its runs, the newest first, and nothing else', async () => {
    expect(valueOf(await listRuns(state))).toEqual([]);
    for (const id of ['20260102-1', '20260301-1', '20260103-1']) {
      valueOf(await createRunFolder(state, runId(id)));
    }
    await mkdir(join(state, '.lock'));
    await writeFile(join(state, 'note'), '');
    const ids = valueOf(await listRuns(state)).map(({ id }) => id);
    expect(ids).toEqual(['20260301-1', '20260103-1', '20260102-1']);
  });

  it('takes whole private files', async () => {
    const run = valueOf(await createRunFolder(state, runId('r1')));
    valueOf(await saveInRun(run.reportJson, '{}\n'));
    expect(await readFile(run.reportJson, 'utf8')).toBe('{}\n');
    expect((await stat(run.reportJson)).mode & 0o777).toBe(0o600);
    const failed = await saveInRun(join(run.path, 'none/x'), '');
    expect(failed).toMatchObject({ ok: false, error: { code: 'STATE_UNWRITABLE' } });
  });

  it('that cannot be made is a failure that says why', async () => {
    await writeFile(join(folder, '.peershift'), '');
    const result = await makeStateFolder(state);
    expect(result).toMatchObject({ ok: false, error: { code: 'STATE_UNWRITABLE', where: state } });
  });
});

describe('the lock of a plan', () => {
  const ignoreLoss = (): void => undefined;

  /** What a run leaves that died without a word: its lock, and its name on it. */
  async function leaveLockOf(pid: number, host: string): Promise<void> {
    await mkdir(join(state, '.lock'));
    await writeFile(join(state, '.owner.json'), JSON.stringify({ pid, host, run: 'r0' }));
  }

  async function endedPid(): Promise<number> {
    const child = spawn('true');
    await once(child, 'exit');
    return present(child.pid, 'pid');
  }

  beforeEach(async () => {
    valueOf(await makeStateFolder(state));
  });

  it('keeps a second run out, names the first, and is free again after it', async () => {
    const lock = valueOf(await lockState(state, runId('r1'), ignoreLoss));
    const second = await lockState(state, runId('r2'), ignoreLoss);
    expect(second).toMatchObject({
      ok: false,
      error: {
        code: 'ALREADY_RUNNING',
        where: state,
        but: `run r1 (process ${String(process.pid)} on ${hostname()}) holds it`,
      },
    });
    await lock.release();
    await lock.release();
    const third = valueOf(await lockState(state, runId('r3'), ignoreLoss));
    await third.release();
    expect(await readdir(state)).toEqual([]);
  });

  it('passes at once from a dead process of this machine', async () => {
    await leaveLockOf(await endedPid(), hostname());
    const lock = valueOf(await lockState(state, runId('r1'), ignoreLoss));
    expect(await readFile(join(state, '.owner.json'), 'utf8')).toContain('"run":"r1"');
    await lock.release();
  });

  it('does not pass from a process of another machine that was heard of just now', async () => {
    await leaveLockOf(await endedPid(), 'another-machine');
    const result = await lockState(state, runId('r1'), ignoreLoss);
    expect(result).toMatchObject({ ok: false, error: { code: 'ALREADY_RUNNING' } });
  });

  it('passes from a process of another machine after ten silent seconds', async () => {
    await leaveLockOf(1, 'another-machine');
    const longAgo = new Date(Date.now() - 11_000);
    await utimes(join(state, '.lock'), longAgo, longAgo);
    const lock = valueOf(await lockState(state, runId('r1'), ignoreLoss));
    await lock.release();
  });

  it('tells its holder when another has taken it', async () => {
    let tell: (reason: string) => void = ignoreLoss;
    const told = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const lock = valueOf(await lockState(state, runId('r1'), tell));
    await rm(join(state, '.lock'), { recursive: true });
    expect(await told).toContain(`the lock of ${state} was lost`);
    await lock.release();
  });

  it('cannot be had in a folder that is not there', async () => {
    const result = await lockState(join(state, 'none'), runId('r1'), ignoreLoss);
    expect(result).toMatchObject({ ok: false, error: { code: 'STATE_UNWRITABLE' } });
  });
});
