/** Goal: what runs a member and where its settings stand is found, or said not to be. Method: planted machines. */

import { describe, expect, it } from 'vitest';
import { agreement, surveyHost } from '../../../src/discover/survey-host.ts';
import { readSurroundings } from '../../../src/discover/survey-script.ts';
import { FakeHost } from '../../support/fake-doors.ts';

const ID = 'ab'.repeat(32);

/** A host on which one etcd runs, with what the second script prints about it. */
function hostWith(
  process: { readonly argv?: readonly string[]; readonly environment?: Record<string, string> },
  around: readonly string[],
): FakeHost {
  const host = new FakeHost('m1');
  host.processes.set(812, {
    pid: 812,
    argv: process.argv ?? ['/usr/bin/etcd'],
    environment: process.environment ?? {
      ETCD_NAME: 'm1',
      ETCD_LISTEN_PEER_URLS: 'http://10.0.0.1:2380',
    },
    startedAtMs: 1,
    uid: 107,
    gid: 112,
  });
  host.onExec = (argv) => ({
    stdout: argv.length > 4 ? `${around.join('\n')}\n` : '812\n',
  });
  return host;
}

const SOUGHT = {
  name: 'm1',
  urls: ['http://10.0.0.1:2380', 'http://10.0.0.1:2379'],
  isAlone: true,
};
const UNIT = [
  'folder /',
  'parent-pid 1',
  'cgroup 0::/system.slice/etcd.service',
  'own 0::/system.slice/ssh.service',
  'unit etcd.service',
  'show MainPID=812',
  'show EnvironmentFiles=/etc/default/etcd (ignore_errors=yes)',
];
const ENV_FILE = 'ETCD_NAME="m1"\nETCD_LISTEN_PEER_URLS=http://10.0.0.1:2380\n';

describe('a member that systemd runs', () => {
  it('has its unit and the environment file that says what it runs with', async () => {
    const host = hostWith({}, UNIT);
    host.put('/etc/default/etcd', ENV_FILE);
    expect(await surveyHost(host, SOUGHT)).toMatchObject({
      service: { value: { manager: 'systemd', unit: 'etcd' }, why: undefined },
      config: { value: { format: 'env-file', path: '/etc/default/etcd' }, why: undefined },
      tlsDirectory: { value: '/etc/etcd/pki', why: 'the usual place' },
    });
  });

  it('has the environment file marked when nothing of it agrees', async () => {
    const host = hostWith({}, UNIT);
    host.put('/etc/default/etcd', '# empty\n');
    const { config } = await surveyHost(host, SOUGHT);
    expect(config.value.path).toBe('/etc/default/etcd');
    expect(config.why).toContain('none of the running settings');
  });

  it('has its yaml file, by flag or by variable', async () => {
    for (const process of [
      { argv: ['/usr/bin/etcd', '--config-file', '/etc/etcd/etcd.yml'], environment: {} },
      { argv: ['/usr/bin/etcd', '--config-file=/etc/etcd/etcd.yml'], environment: {} },
      { environment: { ETCD_CONFIG_FILE: '/etc/etcd/etcd.yml' } },
    ]) {
      const { config } = await surveyHost(hostWith(process, UNIT), SOUGHT);
      expect(config).toEqual({
        value: { format: 'yaml', path: '/etc/etcd/etcd.yml' },
        why: undefined,
      });
    }
  });

  it('has a drop-in of our own when its settings are flags of a unit', async () => {
    const argv = ['/usr/bin/etcd', '--name', 'm1', '--listen-peer-urls=http://10.0.0.1:2380'];
    const { config } = await surveyHost(hostWith({ argv, environment: {} }, UNIT), SOUGHT);
    const path = '/etc/systemd/system/etcd.service.d/50-peershift.conf';
    expect(config).toEqual({ value: { format: 'flags', path }, why: undefined });
  });

  it('is not taken for a unit whose main process is another', async () => {
    const around = UNIT.map((line) => (line === 'show MainPID=812' ? 'show MainPID=77' : line));
    const { service } = await surveyHost(hostWith({}, around), SOUGHT);
    expect(service.value.manager).toBe('command');
  });

  it('keeps its certificates where they stand now', async () => {
    const environment = {
      ETCD_ADVERTISE_CLIENT_URLS: 'http://10.0.0.1:2379',
      ETCD_PEER_CERT_FILE: '/srv/tls/peer.crt',
    };
    const { tlsDirectory } = await surveyHost(hostWith({ environment }, UNIT), SOUGHT);
    expect(tlsDirectory.value).toBe('/srv/tls');
  });
});

describe('a member that something else runs', () => {
  it.each([
    [
      ['cgroup 0::/docker/' + ID, 'container docker etcd-1'],
      { manager: 'docker', container: 'etcd-1', binary: 'docker' },
    ],
    [
      ['cgroup 0::/libpod-' + ID, 'container podman etcd-1'],
      { manager: 'docker', binary: 'podman' },
    ],
    [
      ['cgroup 0::/kubepods/' + ID, 'manifest /etc/kubernetes/manifests/etcd.yaml'],
      { manager: 'static-pod', path: '/etc/kubernetes/manifests/etcd.yaml' },
    ],
    [
      ['cgroup 0::/docker/' + ID, 'own 0::/docker/' + ID, 'init /etc/init.d/etcd'],
      { manager: 'command', start: ['/etc/init.d/etcd', 'start'] },
    ],
    [['parent runsv etcd'], { manager: 'command', stop: ['sv', 'stop', 'etcd'] }],
    [
      ['scripts /srv/m1', 'log /srv/m1/etcd.log'],
      { manager: 'command', status: ['sh', '/srv/m1/status.sh'], logFile: '/srv/m1/etcd.log' },
    ],
    [
      ['log /dev/null'],
      { manager: 'command', start: ['FILL-IN', 'start', 'm1'], logFile: undefined },
    ],
  ] as const)('is found by %s', async (around, service) => {
    const found = await surveyHost(hostWith({}, around), SOUGHT);
    expect(found.service.value).toMatchObject(service);
  });

  it('has the file with most of its variables, wherever that is', async () => {
    const host = hostWith({}, ['folder /srv/m1', 'env /srv/m1/etcd.env', 'env /etc/default/etcd']);
    host.put('/srv/m1/etcd.env', ENV_FILE);
    host.put('/etc/default/etcd', 'ETCD_NAME=other\n');
    const found = await surveyHost(host, { ...SOUGHT, isAlone: false });
    expect(found.config.value.path).toBe('/srv/m1/etcd.env');
    expect(found.config.why).toContain('2 of its ETCD_ variables');
    expect(found.tlsDirectory.value).toBe('/srv/m1/pki');
  });
});

describe('a member that is not found', () => {
  it('is to be filled in, with the reason', async () => {
    const empty = new FakeHost('m1');
    const none = await surveyHost(empty, SOUGHT);
    expect(none.service.value).toMatchObject({
      manager: 'command',
      start: ['FILL-IN', 'start', 'm1'],
    });
    expect(none.service.why).toContain('no process called etcd');
  });

  it('is never one of the same name in another cluster', async () => {
    const environment = { ETCD_NAME: 'm1', ETCD_LISTEN_PEER_URLS: 'http://10.9.9.9:2380' };
    for (const isAlone of [true, false]) {
      const { service } = await surveyHost(hostWith({ environment }, UNIT), { ...SOUGHT, isAlone });
      expect(service.why).toContain('no etcd process there is m1');
    }
  });
});

describe('what a settings file says', () => {
  it('agrees by name and value, quoted or not', () => {
    const environment = { ETCD_NAME: 'm1', ETCD_DATA_DIR: '/var/lib/etcd' };
    const text =
      'export ETCD_NAME=\'m1\'\n#ETCD_NAME=m1\nETCD_DATA_DIR="/var/lib/etcd"\nETCD_X=1\n';
    expect(agreement(text, environment)).toBe(2);
    expect(agreement('ETCD_NAME=m2\n', environment)).toBe(0);
  });
});

it('reads nothing into what the script did not print', () => {
  expect(readSurroundings('')).toMatchObject({
    unit: undefined,
    container: undefined,
    envFiles: [],
    parent: '',
  });
});
