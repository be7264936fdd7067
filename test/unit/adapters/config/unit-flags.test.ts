/** Goal: flags in a unit are read as systemd gives them to etcd, and written as a drop-in of our own. Method: a fake host. */

import { beforeEach, describe, expect, it } from 'vitest';

import { unitFlagsConfig } from '../../../../src/adapters/config/unit-flags.ts';
import type { SettingChange } from '../../../../src/model/settings.ts';
import type { ConfigFile, MemberConfig } from '../../../../src/ports.ts';
import { FakeHost } from '../../../support/fake-doors.ts';

const FOLDER = '/etc/systemd/system/etcd.service.d';
const USUAL = `${FOLDER}/50-peershift.conf`;
const UNIT = '/lib/systemd/system/etcd.service';
const HTTPS = 'https://10.0.0.1:2380';
const LISTEN: SettingChange = { flag: 'listen-peer-urls', from: 'http://10.0.0.1:2380', to: HTTPS };
const CERT: SettingChange = {
  flag: 'peer-cert-file',
  from: undefined,
  to: '/etc/etcd/pki/peer.pem',
};

/** A host whose systemd knows the unit and the drop-ins that a reload has shown it. */
class UnitHost extends FakeHost {
  loaded: readonly string[] = [];
  reloads = 0;
  unit = UNIT;

  constructor(unitText: string) {
    super('h1');
    this.put(UNIT, unitText);
    this.onExec = (argv) => {
      if (argv[1] === 'daemon-reload') {
        this.reloads += 1;
        this.reload();
      }
      if (argv[0] === 'uname') return { stdout: 'm1.example\n' };
      if (argv[0] === 'ls') return { stdout: `${this.#names().join('\n')}\n` };
      if (argv[1] !== 'show') return {};
      const dropIns = this.loaded.join(' ');
      return { stdout: `LoadState=loaded\nFragmentPath=${this.unit}\nDropInPaths=${dropIns}\n` };
    };
  }

  dropIn(name: string, text: string): void {
    this.put(`${FOLDER}/${name}`, text);
    this.reload();
  }

  reload(): void {
    this.loaded = this.#names()
      .filter((name) => name.endsWith('.conf'))
      .sort()
      .map((name) => `${FOLDER}/${name}`);
  }

  #names(): readonly string[] {
    const inside = [...this.files.keys()].filter((path) => path.startsWith(`${FOLDER}/`));
    return inside.map((path) => path.slice(FOLDER.length + 1));
  }
}

const PACKAGED = `[Unit]
Description=etcd

[Service]
Type=notify
Environment=ETCD_DATA_DIR=/var/lib/etcd
ExecStart=-/usr/bin/etcd --name "m1" \\
  # its peers
  --listen-peer-urls   http://10.0.0.1:2380 \\
  --initial-advertise-peer-urls=http://10.0.0.1:2380 -strict-reconfig-check
User=etcd
`;

let host: UnitHost;
let config: MemberConfig;

beforeEach(() => {
  host = new UnitHost(PACKAGED);
  config = unitFlagsConfig(host, 'etcd', USUAL);
});

async function read(door: MemberConfig = config): Promise<ConfigFile> {
  const file = await door.read();
  if (!file.ok) throw new Error(file.error.but);
  return file.value;
}

async function write(...changes: readonly SettingChange[]): Promise<string> {
  const { digest } = await read();
  const written = await config.write({ changes, expectDigest: digest, backupSuffix: 'r1' });
  if (!written.ok) throw new Error(written.error.but);
  expect(written.value.digest).toBe((await read()).digest);
  return written.value.backupPath;
}

async function readUnit(text: string): Promise<ConfigFile> {
  host.put(UNIT, text);
  return read();
}

describe('the flags of a unit', () => {
  it('are read with their place over continued lines, comments and quotes', async () => {
    const { settings, places, problems, path } = await read();
    expect(settings).toEqual({
      name: 'm1',
      'listen-peer-urls': 'http://10.0.0.1:2380',
      'initial-advertise-peer-urls': 'http://10.0.0.1:2380',
      'strict-reconfig-check': 'true',
    });
    expect(places?.['listen-peer-urls']).toBe(`${UNIT}:7`);
    expect({ problems, path }).toEqual({ problems: [], path: USUAL });
  });

  it('are those of the drop-in that sets ExecStart= last', async () => {
    host.dropIn('10-a.conf', '[Service]\nExecStart=\nExecStart=/usr/bin/etcd --name=a\n');
    expect(await read()).toMatchObject({
      settings: { name: 'a' },
      places: { name: `${FOLDER}/10-a.conf:3` },
      problems: [],
    });
  });

  it('count also from a drop-in that systemd has not read yet', async () => {
    host.put(`${FOLDER}/10-a.conf`, '[Service]\nExecStart=\nExecStart=/usr/bin/etcd --name=a\n');
    expect((await read()).settings).toEqual({ name: 'a' });
  });

  it('have variables and specifiers put in', async () => {
    host.put(
      '/etc/etcd.env',
      'PEER="http://10.0.0.1:2380"\nMORE=--heartbeat-interval 100 --debug\n',
    );
    const text = `[Service]
Environment="IP=10.9.9.9" PORT=2380
EnvironmentFile=-/etc/etcd.env
ExecStart=/usr/bin/etcd --name=%H-%N --data-dir=/d/%%/$$x --listen-peer-urls=\${PEER} --initial-cluster=a=http://\${IP}:\${PORT} $MORE
`;
    const { settings, problems } = await readUnit(text);
    expect({ settings, problems }).toEqual({
      settings: {
        ...{ name: 'm1.example-etcd', 'data-dir': '/d/%/$x', 'heartbeat-interval': '100' },
        ...{ 'listen-peer-urls': 'http://10.0.0.1:2380', debug: 'true' },
        'initial-cluster': 'a=http://10.9.9.9:2380',
      },
      problems: [],
    });
  });

  it('of an instance have its name put in', async () => {
    host.unit = '/lib/systemd/system/etcd@.service';
    host.put(host.unit, '[Service]\nExecStart=/usr/bin/etcd --name=%i --data-dir=/d/%I\n');
    const door = unitFlagsConfig(
      host,
      'etcd@m-1',
      '/etc/systemd/system/etcd@m-1.service.d/50-peershift.conf',
    );
    expect((await read(door)).settings).toEqual({ name: 'm-1', 'data-dir': '/d/m/1' });
  });

  it('come with the variables of the unit, and with where they stand', async () => {
    expect((await read()).elsewhere).toEqual([
      {
        ...{ flag: 'data-dir', place: `${UNIT}:6`, isFlag: false, wins: false },
        value: '/var/lib/etcd',
      },
    ]);
  });

  it.each([
    ['no command', '[Service]\nType=simple\n', 'has no ExecStart='],
    [
      'two commands',
      '[Service]\nExecStart=/bin/etcd\nExecStart=/bin/etcd\n',
      'several ExecStart= lines',
    ],
    [
      'a shell',
      '[Service]\nExecStart=/bin/sh -c "exec etcd"\n',
      'the program is /bin/sh, not etcd',
    ],
    ['an open quote', '[Service]\nExecStart=/bin/etcd "--name\n', 'a quote is never closed'],
    [
      'a peer flag in a variable',
      '[Service]\nEnvironment="A=--peer-key-file /k"\nExecStart=/bin/etcd $A\n',
      '--peer-key-file comes out of $A',
    ],
    ['an unknown specifier', '[Service]\nExecStart=/bin/etcd --name=%m\n', 'uses the specifier %m'],
    [
      'words that are no flags',
      '[Service]\nExecStart=/bin/etcd grpc-proxy start\n',
      '"grpc-proxy" is neither a flag',
    ],
  ])('are refused with %s', async (_name, text, problem) => {
    expect((await readUnit(text)).problems.join('; ')).toContain(problem);
    const { digest } = await read();
    const written = await config.write({
      changes: [LISTEN],
      expectDigest: digest,
      backupSuffix: 'r',
    });
    expect(written.ok).toBe(false);
    expect(host.written).toEqual([]);
  });

  it('are not ours to write when another drop-in sets the command line behind ours', async () => {
    await write(LISTEN);
    host.dropIn('99-last.conf', '[Service]\nExecStart=\nExecStart=/usr/bin/etcd\n');
    expect((await read()).problems).toEqual([
      `${FOLDER}/99-last.conf is read behind ${USUAL} and sets ExecStart= again`,
    ]);
  });

  it('are unknown when systemd does not know the unit', async () => {
    host.onExec = () => ({ stdout: 'LoadState=not-found\nFragmentPath=\nDropInPaths=\n' });
    expect(await config.read()).toMatchObject({ ok: false, error: { code: 'CONFIG_UNREADABLE' } });
  });
});

describe('a changed flag', () => {
  it('is written into a drop-in of our own, all other words as they were, and systemd reads it', async () => {
    await write(LISTEN, CERT, { flag: 'peer-client-cert-auth', from: undefined, to: 'true' });
    expect(host.textOf(UNIT)).toBe(PACKAGED);
    expect(host.textOf(USUAL)?.split('\n').slice(2)).toEqual([
      '[Service]',
      'ExecStart=',
      'ExecStart=-/usr/bin/etcd --name "m1"  --listen-peer-urls   https://10.0.0.1:2380  --initial-advertise-peer-urls=http://10.0.0.1:2380 -strict-reconfig-check --peer-cert-file=/etc/etcd/pki/peer.pem --peer-client-cert-auth=true',
      '',
    ]);
    expect(host.reloads).toBe(1);
    expect(await read()).toMatchObject({ settings: { 'listen-peer-urls': HTTPS } });
  });

  it('is taken out again with its value', async () => {
    await write(LISTEN, CERT);
    await write({ flag: 'peer-cert-file', from: '/etc/etcd/pki/peer.pem', to: undefined });
    await write({ flag: 'listen-peer-urls', from: HTTPS, to: undefined });
    expect((await read()).settings).not.toHaveProperty('listen-peer-urls');
    expect(host.textOf(USUAL)).toContain(
      'ExecStart=-/usr/bin/etcd --name "m1"  --initial-advertise-peer-urls',
    );
  });

  it('goes behind drop-ins of other names', async () => {
    host.dropIn('override.conf', '[Service]\nRestart=always\n');
    await write(LISTEN);
    expect(host.textOf(`${FOLDER}/zz-peershift.conf`)).toContain(HTTPS);
    expect((await read()).path).toBe(`${FOLDER}/zz-peershift.conf`);
    await write(CERT);
    expect(host.textOf(USUAL)).toBeUndefined();
  });

  it('is gone with the drop-in after a restore, which may be done twice', async () => {
    const before = (await read()).digest;
    const backup = await write(LISTEN);
    await write(CERT);
    for (let times = 0; times < 2; times++) {
      const { digest } = await read();
      expect(await config.restore(backup, digest)).toEqual({ ok: true, value: { digest: before } });
    }
    expect(host.textOf(USUAL)).toBeUndefined();
    expect(host.loaded).toEqual([]);
  });

  it('is put back to what our drop-in said before', async () => {
    await write(LISTEN);
    const then = host.textOf(USUAL);
    const { digest } = await read();
    const written = await config.write({
      changes: [CERT],
      expectDigest: digest,
      backupSuffix: 'r2',
    });
    if (!written.ok) throw new Error(written.error.but);
    expect((await config.restore(written.value.backupPath, written.value.digest)).ok).toBe(true);
    expect(host.textOf(USUAL)).toBe(then);
  });

  it('is neither written nor put back when unit, drop-ins or environment files changed', async () => {
    const { digest } = await read();
    host.put(UNIT, `${PACKAGED}Restart=always\n`);
    expect(
      await config.write({ changes: [LISTEN], expectDigest: digest, backupSuffix: 'r1' }),
    ).toMatchObject({
      error: { code: 'CONFIG_CHANGED' },
    });
    const backup = await write(LISTEN);
    const mine = (await read()).digest;
    host.dropIn('20-b.conf', '[Service]\nNice=1\n');
    expect(await config.restore(backup, mine)).toMatchObject({ error: { code: 'CONFIG_CHANGED' } });
    expect(host.textOf(USUAL)).toContain(HTTPS);
  });

  it.each([
    ['--flag=value', '--peer-key-file=/a', '--peer-key-file=/b'],
    ['-flag=value', '-peer-key-file=/a', '-peer-key-file=/b'],
    ['-flag value', '-peer-key-file /a', '-peer-key-file /b'],
    ['quotes', "--peer-key-file='/a b'", '--peer-key-file=/b'],
    ['a quoted next word', '--peer-key-file "/a b"', '--peer-key-file /b'],
    [
      'the last of two',
      '--peer-key-file=/x --peer-key-file=/a',
      '--peer-key-file=/x --peer-key-file=/b',
    ],
    ['a variable in it', '--peer-key-file=/a/${X}', '--peer-key-file=/b'],
    ['a specifier in it', '--peer-key-file /%i', '--peer-key-file /b'],
    [
      'words of variables around',
      '$A --name ${N} --peer-key-file=/a $B',
      '$A --name ${N} --peer-key-file=/b $B',
    ],
  ])('keeps the form of %s', async (_name, before, after) => {
    await readUnit(`[Service]\nExecStart=/bin/etcd ${before}\n`);
    await write({ flag: 'peer-key-file', from: '/a', to: '/b' });
    expect(host.textOf(USUAL)).toContain(`\nExecStart=/bin/etcd ${after}\n`);
  });

  it('is quoted where systemd would read it differently', async () => {
    await readUnit('[Service]\nExecStart=/bin/etcd --debug\n');
    await write({ flag: 'peer-key-file', from: undefined, to: '/a b/%i/$x/"q"' });
    expect((await read()).settings['peer-key-file']).toBe('/a b/%i/$x/"q"');
  });
});
