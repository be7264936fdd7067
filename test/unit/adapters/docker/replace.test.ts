/** Goal: a replacement that is cut off anywhere is finished, or undone, by whoever comes next. Method: an engine in memory that is lost before each of its changes in turn. */

import { describe, expect, it } from 'vitest';

import { containerConfig } from '../../../../src/adapters/docker/config.ts';
import { containerService } from '../../../../src/adapters/docker/service.ts';
import type { MemberConfig, Service } from '../../../../src/ports.ts';
import { value } from '../../../support/etcd-calls.ts';
import { type FakeEngine, fakeEngine } from '../../../support/fake-engine.ts';

const OPTIONS = { deadlineMs: 60_000, marker: 'm' };
const RUN = '20261122-170710-02f275';
const KEPT = `etcd.peershift-${RUN}`;
const LISTEN = 'listen-peer-urls';

interface Hands {
  readonly fake: FakeEngine;
  readonly config: MemberConfig;
  readonly service: Service;
}

function hands(fake = fakeEngine()): Hands {
  const { engine } = fake;
  return {
    fake,
    config: containerConfig(engine, 'etcd'),
    service: containerService(engine, 'etcd', 'm1'),
  };
}

async function write({ config }: Hands, url: string): Promise<string> {
  const file = value(await config.read());
  const changes = [
    { flag: LISTEN, from: file.settings[LISTEN], to: url },
    { flag: 'peer-cert-file', from: file.settings['peer-cert-file'], to: '/etc/etcd/pki/peer.pem' },
  ];
  const order = { changes, expectDigest: file.digest, backupSuffix: RUN };
  return value(await config.write(order)).backupPath;
}

async function restart({ service }: Hands): Promise<void> {
  value(await service.stop(OPTIONS));
  value(await service.start(OPTIONS));
}

describe('the container that follows', () => {
  it('is made and waits, while the one before runs on under its name', async () => {
    const all = hands();
    expect(await write(all, 'https://10.0.0.1:2380')).toBe(KEPT);
    expect(all.fake.changes).toEqual([`create ${KEPT}.next`]);
    expect(all.fake.states()).toEqual({
      etcd: 'running always',
      [`${KEPT}.next`]: 'created always',
    });
    const file = value(await all.config.read());
    expect(file.settings[LISTEN]).toBe('https://10.0.0.1:2380');
    expect(file.problems).toEqual([]);
    expect(await all.service.state()).toMatchObject({ value: { isRunning: true, pid: 7 } });
  });

  it('takes the place at the next start, and the one before is kept and never started by the engine', async () => {
    const all = hands();
    await write(all, 'https://10.0.0.1:2380');
    await restart(all);
    expect(all.fake.states()).toEqual({ etcd: 'running always', [KEPT]: 'exited no' });
  });

  it('of a second edit leaves the first original alone', async () => {
    const all = hands();
    const { Id } = all.fake.entry('etcd');
    await write(all, 'https://10.0.0.1:2380');
    await restart(all);
    await write(all, 'https://10.0.0.2:2380');
    await restart(all);
    expect(all.fake.states()).toEqual({ etcd: 'running always', [KEPT]: 'exited no' });
    expect(all.fake.entry(KEPT).Id).toBe(Id);
  });

  it('is refused when somebody has made the container anew meanwhile', async () => {
    const all = hands();
    const file = value(await all.config.read());
    all.fake.entry('etcd').Config['User'] = 'etcd';
    const order = { changes: [], expectDigest: file.digest, backupSuffix: RUN };
    const written = await all.config.write(order);
    expect(written.ok ? '' : written.error.code).toBe('CONFIG_CHANGED');
    expect(all.fake.changes).toEqual([]);
  });

  it('is removed again, and what differs is named, when the engine made it otherwise', async () => {
    const all = hands(fakeEngine(undefined, (made) => (made.HostConfig['Memory'] = 1)));
    const file = value(await all.config.read());
    const order = { changes: [], expectDigest: file.digest, backupSuffix: RUN };
    const written = await all.config.write(order);
    expect(written.ok ? '' : written.error.but).toBe(
      'docker made one that differs in HostConfig.Memory',
    );
    expect(all.fake.states()).toEqual({ etcd: 'running always' });
  });
});

describe('the way back', () => {
  it('starts the very container that was there, with its own policy, and removes the new one', async () => {
    const all = hands();
    const { Id } = all.fake.entry('etcd');
    const before = value(await all.config.read());
    const backup = await write(all, 'https://10.0.0.1:2380');
    await restart(all);
    const file = value(await all.config.read());
    const { digest } = value(await all.config.restore(backup, file.digest));
    expect(digest).toBe(before.digest);
    await restart(all);
    expect(all.fake.states()).toEqual({ etcd: 'running always' });
    expect(all.fake.entry('etcd').Id).toBe(Id);
  });

  it('before any restart only takes away what was made', async () => {
    const all = hands();
    const before = value(await all.config.read());
    const backup = await write(all, 'https://10.0.0.1:2380');
    const file = value(await all.config.read());
    expect(value(await all.config.restore(backup, file.digest)).digest).toBe(before.digest);
    expect(all.fake.states()).toEqual({ etcd: 'running always' });
  });

  it('is open when the new container exits at its start', async () => {
    const isNew = (entry: { readonly Id: string }): boolean => /^1+$/.test(entry.Id);
    const all = hands(fakeEngine(isNew));
    const backup = await write(all, 'https://10.0.0.1:2380');
    value(await all.service.stop(OPTIONS));
    const started = await all.service.start(OPTIONS);
    expect(started.ok ? '' : started.error.but).toContain('etcd is exited');
    const file = value(await all.config.read());
    value(await all.config.restore(backup, file.digest));
    value(await all.service.start(OPTIONS));
    expect(all.fake.states()).toEqual({ etcd: 'running always' });
  });

  it('is refused when somebody has removed the kept container', async () => {
    const all = hands();
    const backup = await write(all, 'https://10.0.0.1:2380');
    await restart(all);
    await all.fake.engine.host.exec(['docker', 'rm', KEPT], { deadlineMs: 1 });
    const file = value(await all.config.read());
    const restored = await all.config.restore(backup, file.digest);
    expect(restored.ok ? '' : restored.error.but).toContain('is not there any more');
  });
});

/** Changes of the engine from the first edit to the way back's last. */
const CUTS = Array.from({ length: 16 }, (_, at) => at);

it.each(CUTS)('a machine lost before change %i leaves names from which it goes on', async (cut) => {
  const all = hands();
  const { Id } = all.fake.entry('etcd');
  const original = value(await all.config.read());
  all.fake.cutBefore(cut);
  const story = async (): Promise<void> => {
    const backup = await write(all, 'https://10.0.0.1:2380');
    await restart(all);
    const file = value(await all.config.read());
    value(await all.config.restore(backup, file.digest));
    await restart(all);
  };
  await story().catch(() => undefined);
  all.fake.cutBefore(undefined);
  expect((await all.service.state()).known).toBe(true);
  // Whatever is there can be read, started, and taken back to where it began.
  value(await all.service.start(OPTIONS));
  expect(all.fake.states()['etcd']).toBe('running always');
  const file = value(await all.config.read());
  if (file.digest !== original.digest) {
    value(await all.config.restore(KEPT, file.digest));
    await restart(all);
  }
  expect(value(await all.config.read()).digest).toBe(original.digest);
  expect(all.fake.entry('etcd').Id).toBe(Id);
  expect(Object.values(all.fake.states()).filter((each) => each !== 'exited no')).toEqual([
    'running always',
  ]);
});

it('tells what stands in the way: no such container, one that runs astray', async () => {
  const all = hands();
  await write(all, 'https://10.0.0.1:2380');
  await restart(all);
  await all.fake.engine.host.exec(['docker', 'start', KEPT], { deadlineMs: 1 });
  const astray = await all.service.state();
  expect(astray.known ? '' : astray.reason).toContain(`${KEPT} runs, which was put aside`);
  const other = await containerService(all.fake.engine, 'etcd9', 'm1').state();
  expect(other.known ? '' : other.reason).toContain('docker knows no container etcd9');
});
