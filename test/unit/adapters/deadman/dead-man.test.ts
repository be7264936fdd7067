/**
 * Goal: whatever becomes of peershift, a dead-man switch either goes off once and puts exactly what it was
 * given back, or never goes off again. Method: real shells on this machine, with a restart that writes a line.
 */

import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { hostDeadMan } from '../../../../src/adapters/deadman/dead-man.ts';
import { localHost } from '../../../../src/adapters/local/host.ts';
import { sha256 } from '../../../../src/base/digest.ts';
import type { DeadMan, DeadManOrder } from '../../../../src/ports.ts';
import { value } from '../../../support/etcd-calls.ts';

const BEFORE = 'ETCD_LISTEN_PEER_URLS="http://10.0.0.1:2380"\n';
const AFTER = 'ETCD_LISTEN_PEER_URLS="https://10.0.0.1:2380"\n';
const BACK = `${BEFORE}ETCD_PEER_CERT_FILE=/etc/etcd/pki/peer.pem\n`;
/** It counts whole seconds; a busy machine takes its time. */
const WAIT = { timeout: 20_000, interval: 50 };

let base = '';
let config = '';
let door: DeadMan;

beforeEach(async () => {
  // A name that a shell would take apart.
  base = await mkdtemp(path.join(tmpdir(), "peershift dead'man $x-"));
  config = path.join(base, 'etcd.env');
  await writeFile(config, BEFORE);
  await chmod(config, 0o640);
  door = hostDeadMan(localHost('here'), {
    memberName: 'm1',
    folder: `${config}.peershift-deadman`,
    timer: 'sh',
    commands: [
      {
        argv: ['sh', '-c', 'echo "stop $1" >>"$2"', 'sh', 'a b', log()],
        limitSeconds: 5,
        mayFail: false,
      },
      { argv: ['no-such-command'], limitSeconds: 5, mayFail: true },
      { argv: ['sh', '-c', 'echo start >>"$1"', 'sh', log()], limitSeconds: 5, mayFail: false },
    ],
  });
});

afterEach(async () => {
  // Its timer sees within a second that the folder is gone.
  value(await door.clear());
  await rm(base, { recursive: true, force: true });
});

function log(): string {
  return path.join(base, 'log');
}

function order(changes: Partial<DeadManOrder> = {}): DeadManOrder {
  return {
    id: 'run-1-7',
    run: 'run-1',
    afterMs: 1000,
    path: config,
    text: BACK,
    settings: { 'listen-peer-urls': 'http://10.0.0.1:2380' },
    mayStand: [sha256(Buffer.from(BEFORE)), sha256(Buffer.from(AFTER))],
    keptPath: `${config}.peershift-run-1`,
    hasOthers: false,
    ...changes,
  };
}

async function untilFired(): Promise<string> {
  await vi.waitUntil(async () => value(await door.look())?.state === 'fired', WAIT);
  return value(await door.look())?.result ?? '';
}

describe('a dead-man switch that nobody disarms', () => {
  it('puts the settings back, keeps the original, restarts the member, and says so', async () => {
    const armed = value(await door.arm(order()));
    expect(armed).toMatchObject({ state: 'armed', isTicking: true, run: 'run-1' });
    expect(Math.abs(armed.firesAtMs - Date.now() - 1000)).toBeLessThan(10_000);
    await writeFile(config, AFTER);
    expect(await untilFired()).toBe('done');
    expect(await readFile(config, 'utf8')).toBe(BACK);
    expect((await stat(config)).mode & 0o777).toBe(0o640);
    expect(await readFile(`${config}.peershift-run-1`, 'utf8')).toBe(AFTER);
    expect(await readFile(log(), 'utf8')).toBe('stop a b\nstart\n');
  });

  it('never overwrites an original that is kept already', async () => {
    await writeFile(`${config}.peershift-run-1`, 'the first one\n');
    value(await door.arm(order()));
    expect(await untilFired()).toBe('done');
    expect(await readFile(`${config}.peershift-run-1`, 'utf8')).toBe('the first one\n');
  });

  it('leaves settings that somebody else wrote, and restarts nothing', async () => {
    value(await door.arm(order()));
    await writeFile(config, 'their own\n');
    expect(await untilFired()).toBe('changed');
    expect(await readFile(config, 'utf8')).toBe('their own\n');
    await expect(readFile(log(), 'utf8')).rejects.toThrow('ENOENT');
  });
});

describe('a dead-man switch that is disarmed', () => {
  it('has no timer any more, and leaves nothing behind', async () => {
    const { id } = value(await door.arm(order({ afterMs: 600_000 })));
    const pid = Number(await readFile(`${config}.peershift-deadman/pid.${id}`, 'utf8'));
    expect(value(await door.disarm())).toMatchObject({ state: 'disarmed', isTicking: false });
    expect(value(await localHost('here').process(pid))).toBeUndefined();
    value(await door.clear());
    expect(value(await door.look())).toBeUndefined();
    expect(await readdir(base)).toEqual(['etcd.env']);
    expect(await readFile(config, 'utf8')).toBe(BEFORE);
  });

  it('after it went off says that it was too late', async () => {
    value(await door.arm(order()));
    await untilFired();
    expect(value(await door.disarm())).toMatchObject({ state: 'fired', result: 'done' });
  });

  it('at the very moment when it goes off has exactly one winner', async () => {
    for (let round = 0; round < 12; round += 1) {
      const id = `run-1-${String(round)}`;
      await writeFile(config, BEFORE);
      await rm(log(), { force: true });
      value(await door.arm(order({ id, afterMs: 600_000 })));
      const fire = spawn('sh', [`${config}.peershift-deadman/fire.${id}`, 'now']);
      const ended = new Promise((resolve) => fire.once('exit', resolve));
      // From before it has begun to after it has ended, in steps of a few file reads.
      for (let read = 0; read < round; read += 1) await readFile(config);
      const disarmed = value(await door.disarm())?.state;
      await ended;
      const state = value(await door.look())?.state ?? '';
      const isBack = (await readFile(config, 'utf8')) === BACK;
      const didRestart = await readFile(log(), 'utf8').then(
        () => true,
        () => false,
      );
      expect([state, isBack, didRestart]).toEqual(
        disarmed === 'disarmed' ? ['disarmed', false, false] : ['fired', true, true],
      );
      value(await door.clear());
    }
  });
});

describe('arming', () => {
  it('is refused while another one waits, and is good when this very one does', async () => {
    const first = value(await door.arm(order({ afterMs: 600_000 })));
    expect(value(await door.arm(order({ afterMs: 600_000 })))).toEqual(first);
    const second = await door.arm(order({ id: 'run-2-1', run: 'run-2' }));
    expect(second.ok).toBe(false);
    if (!second.ok) expect(second.error).toMatchObject({ code: 'DEADMAN_FAILED' });
  });

  it('says when its timer has died with the host, and when what it would write was changed', async () => {
    const { id } = value(await door.arm(order({ afterMs: 600_000 })));
    const folder = `${config}.peershift-deadman`;
    const pid = Number(await readFile(`${folder}/pid.${id}`, 'utf8'));
    await writeFile(`${folder}/revert.${id}`, 'something else\n');
    expect(value(await door.look())).toMatchObject({ state: 'armed', isTicking: false });
    await writeFile(`${folder}/revert.${id}`, BACK);
    expect(value(await door.look())).toMatchObject({ state: 'armed', isTicking: true });
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(async () => value(await door.look())?.isTicking === false, WAIT);
    expect(value(await door.disarm())).toMatchObject({ state: 'disarmed' });
  });

  it('takes the place of one that is over', async () => {
    value(await door.arm(order()));
    await untilFired();
    const again = value(await door.arm(order({ id: 'run-1-9', afterMs: 600_000 })));
    expect(again).toMatchObject({ id: 'run-1-9', state: 'armed', isTicking: true });
  });
});
