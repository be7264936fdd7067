/** Goal: a plan file means exactly what it says. Method: small files in, whole specs out. */

import { describe, expect, it } from 'vitest';

import { declare } from '../../../src/declare/declare.ts';
import type { DesiredMember, DesiredSpec } from '../../../src/model/desired.ts';
import { COMPLETE, FOLDERS, MINIMAL, clusterWith, memberWith, minimalWith } from './plan-files.ts';

function specOf(text: string): DesiredSpec {
  const result = declare(text, 'plans/prod.yaml', FOLDERS);
  if (!result.ok) throw new Error(JSON.stringify(result.error, undefined, 1));
  return result.value;
}

function memberOf(text: string, index = 0): DesiredMember {
  const member = specOf(text).members[index];
  if (member === undefined) throw new Error('no such member');
  return member;
}

const SSH = {
  transport: 'ssh',
  address: undefined,
  user: undefined,
  port: undefined,
  identityFile: undefined,
  agent: undefined,
  jump: undefined,
  passphraseEnv: undefined,
  passwordEnv: undefined,
  sudo: false,
};

describe('a minimal plan file', () => {
  it('gets every default', () => {
    expect(specOf(MINIMAL)).toEqual({
      version: 1,
      name: 'prod',
      planFile: 'plans/prod.yaml',
      strategy: 'documented',
      scope: 'peer',
      memberApi: 'grpc',
      cluster: {
        endpoints: ['http://10.0.0.1:2379'],
        via: 'direct',
        tls: undefined,
        auth: undefined,
      },
      pki: {
        mode: 'issue',
        directory: '/srv/plans/pki',
        ca: undefined,
        algorithm: 'ecdsa-p256',
        days: 1825,
        isShared: false,
      },
      members: [
        {
          name: 'm1',
          host: SSH,
          service: { manager: 'systemd', unit: 'etcd' },
          config: { format: 'env-file', path: '/etc/default/etcd' },
          tls: { directory: '/etc/etcd/pki', owner: undefined, group: undefined },
          peerUrl: undefined,
          certificate: { cert: undefined, key: undefined, sans: [] },
          sourceAddresses: [],
          listenPeerUrls: [],
        },
      ],
      order: undefined,
      accept: [],
      gates: {
        startMs: 600_000,
        timeoutMs: 60_000,
        quietMs: 8000,
        maxLag: 1000,
        canary: false,
        deadmanMs: undefined,
      },
      hooks: { beforeStep: undefined, afterGate: undefined, onFailure: undefined },
      onFailure: 'rollback',
      takesBackup: true,
    });
  });

  it('may begin with a byte order mark and have lines that end as on Windows', () => {
    expect(specOf(`\uFEFF${MINIMAL.replaceAll('\n', '\r\n')}`)).toEqual(specOf(MINIMAL));
  });

  it('may be JSON on one line', () => {
    const json = JSON.stringify({
      version: 1,
      name: 'prod',
      cluster: { endpoints: ['http://10.0.0.1:2379'] },
      members: [{ name: 'm1' }],
    });
    expect(specOf(json)).toEqual(specOf(MINIMAL));
  });

  it('may share parts by anchor and alias', () => {
    const text = `${MINIMAL}    host: &here { transport: local }
    service: &own { manager: command, start: [a], stop: [b], status: [c] }
    config: { path: m1.env }
    tls: { directory: m1 }
  - name: m2
    host: *here
    service: { manager: command, start: [a2], stop: [b2], status: [c2] }
    config: { path: m2.env }
    tls: { directory: m2 }
`;
    expect(memberOf(text, 1).host).toEqual(memberOf(text, 0).host);
  });
});

describe('the complete plan file', () => {
  const spec = specOf(COMPLETE);

  it('parses', () => {
    expect(spec.members.map(({ name }) => name)).toEqual(['m1', 'm2', 'm3']);
    expect(spec.order).toEqual(['m3', 'm2', 'm1']);
  });

  it('has its paths resolved against the folder of the plan file', () => {
    expect(spec.cluster.tls).toEqual({
      ca: '/srv/plans/pki/ca.pem',
      cert: '/srv/plans/pki/client.pem',
      key: '/srv/plans/pki/client-key.pem',
    });
    expect(spec.pki.ca).toEqual({
      cert: '/srv/plans/pki/ca.pem',
      key: '/srv/plans/pki/ca-key.pem',
    });
  });

  it('names secrets by environment variable', () => {
    expect(spec.cluster.auth).toEqual({ username: 'root', passwordEnv: 'PEERSHIFT_PASSWORD' });
  });
});

describe('defaults under a member', () => {
  const defaults = (block: string): string => `${MINIMAL}defaults:\n  ${block}\n`;

  it('are merged key by key', () => {
    const text = `${memberWith('host: { address: 10.0.0.1 }')}defaults:\n  host: { user: ops }\n`;
    expect(memberOf(text).host).toEqual({ ...SSH, address: '10.0.0.1', user: 'ops' });
  });

  it('give way to what the member itself says', () => {
    const text = `${memberWith('tls: { owner: etcd }')}defaults:\n  tls: { owner: root, group: pki }\n`;
    expect(memberOf(text).tls).toEqual({
      directory: '/etc/etcd/pki',
      owner: 'etcd',
      group: 'pki',
    });
  });

  it('are replaced whole by a block that names another transport', () => {
    const text = `${memberWith('host: { transport: local }')}defaults:\n  host: { user: ops }\n`;
    expect(memberOf(text).host.user).toBeUndefined();
  });

  it('are replaced whole by a block that names another manager', () => {
    const own = 'service: { manager: docker, container: etcd }';
    expect(memberOf(memberWith(own)).service).toEqual({
      manager: 'docker',
      container: 'etcd',
      binary: 'docker',
    });
    const text = `${memberWith('service: { manager: systemd }')}defaults:\n  ${own}\n`;
    expect(memberOf(text).service).toEqual({ manager: 'systemd', unit: 'etcd' });
  });

  it('are kept by a block that names the same manager', () => {
    const text = `${memberWith('service: { manager: docker }')}defaults:
  service: { manager: docker, container: etcd, binary: podman }
`;
    expect(memberOf(text).service).toMatchObject({ container: 'etcd', binary: 'podman' });
  });

  it('are replaced whole by a block that names another format', () => {
    const text = `${memberWith('config: { format: yaml, path: /etc/etcd.yml }')}defaults:
  config: { path: /etc/sysconfig/etcd }
`;
    expect(memberOf(text).config).toEqual({ format: 'yaml', path: '/etc/etcd.yml' });
  });

  it('reach a member that says nothing', () => {
    expect(memberOf(defaults('config: { path: /etc/sysconfig/etcd }')).config.path).toBe(
      '/etc/sysconfig/etcd',
    );
  });
});

describe('ways to reach a host', () => {
  it('name only what the plan file names: the rest is the business of ~/.ssh/config', () => {
    expect(memberOf(memberWith('host: { agent: SSH_AUTH_SOCK }')).host).toMatchObject({
      identityFile: undefined,
      agent: 'SSH_AUTH_SOCK',
    });
    const password = 'host: { password: { env: SSH_PASSWORD } }';
    expect(memberOf(memberWith(password)).host).toMatchObject({
      identityFile: undefined,
      passwordEnv: 'SSH_PASSWORD',
    });
  });

  it.each([
    ['false', false],
    ['true', 'without-password'],
    ['without-password', 'without-password'],
    ['{ password: { env: SUDO } }', { passwordEnv: 'SUDO' }],
  ])('read sudo: %s', (text, sudo) => {
    expect(memberOf(memberWith(`host: { sudo: ${text} }`)).host.sudo).toEqual(sudo);
  });

  it.each([
    ['~/keys/id', '/home/op/keys/id'],
    ['keys/../id', '/srv/plans/id'],
    ['/root/.ssh/id', '/root/.ssh/id'],
  ])('read the identity file %s', (text, path) => {
    expect(memberOf(memberWith(`host: { identityFile: ${text} }`)).host.identityFile).toBe(path);
  });
});

describe('paths and commands on this machine', () => {
  const text = memberWith(
    'host: { transport: local }',
    'service:',
    '  manager: command',
    '  start: [./m1/start.sh, "a b"]',
    '  stop: [sv, stop, m1]',
    '  status: [/usr/bin/sv, status, m1]',
    '  logs: { file: m1/etcd.log }',
    'config: { path: m1/etcd.env }',
    'tls: { directory: ./m1//pki/ }',
  );

  it('are relative to the plan file', () => {
    expect(memberOf(text)).toMatchObject({
      service: {
        start: ['/srv/plans/m1/start.sh', 'a b'],
        stop: ['sv', 'stop', 'm1'],
        status: ['/usr/bin/sv', 'status', 'm1'],
        logFile: '/srv/plans/m1/etcd.log',
      },
      config: { path: '/srv/plans/m1/etcd.env' },
      tls: { directory: '/srv/plans/m1/pki' },
    });
  });
});

describe('certificates', () => {
  const two = (own: string, other: string, pki: string): string => `version: 1
name: prod
cluster: { endpoints: ["http://10.0.0.1:2379"] }
pki: { ${pki} }
members:
  - { name: m1${own} }
  - { name: m2${other} }
`;

  it('are files on the operator machine when provided', () => {
    const text = two(
      ', certificate: { cert: a.pem, key: a-key.pem }',
      ', certificate: { cert: b.pem, key: b-key.pem }',
      'mode: provided, ca: { cert: ca.pem }',
    );
    expect(memberOf(text, 1).certificate).toEqual({
      cert: '/srv/plans/b.pem',
      key: '/srv/plans/b-key.pem',
      sans: [],
    });
  });

  it('are files on the host when in place', () => {
    const text = two(
      ', certificate: { cert: /etc/a.pem, key: /etc/a-key.pem }',
      ', certificate: { cert: /etc/a.pem, key: /etc/a-key.pem }',
      'mode: in-place, ca: { cert: ca.pem }',
    );
    expect(memberOf(text, 0).certificate.cert).toBe('/etc/a.pem');
  });

  it('are named once when one leaf is for all', () => {
    const text = two(
      '',
      ', certificate: { cert: a.pem, key: a-key.pem }',
      'mode: provided, shared: true, ca: { cert: ca.pem }',
    );
    expect(memberOf(text, 0).certificate).toEqual(memberOf(text, 1).certificate);
    expect(memberOf(text, 0).certificate.cert).toBe('/srv/plans/a.pem');
  });

  it('may have names of many kinds', () => {
    const sans = ['etcd-1', '*.example.net', '10.0.0.1', '::1', 'fe80::1', '_srv.example'];
    const text = memberWith(`certificate: { sans: ${JSON.stringify(sans)} }`);
    expect(memberOf(text).certificate.sans).toEqual(sans);
  });
});

describe('gates, hooks and URLs', () => {
  it('are read with their units', () => {
    const text = minimalWith(
      'gates: { start: 1h, timeout: 90s, quiet: 5000ms, deadman: 5m, canary: { writes: true } }',
    );
    expect(specOf(text).gates).toEqual({
      startMs: 3_600_000,
      timeoutMs: 90_000,
      quietMs: 5000,
      maxLag: 1000,
      canary: {
        writes: true,
        leases: false,
        longestGapMs: 10_000,
        failedKeepalives: undefined,
      },
      deadmanMs: 300_000,
    });
  });

  it('bound the load only where they are given, and not when they are off', () => {
    const loadOf = (gates: string): unknown =>
      specOf(minimalWith(`gates: { ${gates} }`)).gates.load;
    expect(loadOf('maxFsync: 100ms')).toEqual({ fsyncMs: 100, pending: undefined });
    expect(loadOf('maxPending: 50')).toEqual({ fsyncMs: undefined, pending: 50 });
    expect(loadOf('maxFsync: off, maxPending: off')).toBeUndefined();
  });

  it('run a hook from the folder of the plan file or from PATH', () => {
    const text = minimalWith(
      'hooks: { beforeStep: [./say, hi], onFailure: [logger, "it; failed"] }',
    );
    expect(specOf(text).hooks).toEqual({
      beforeStep: ['/srv/plans/say', 'hi'],
      afterGate: undefined,
      onFailure: ['logger', 'it; failed'],
    });
  });

  it('keep peer URLs as they were written', () => {
    const text = memberWith(
      'peerUrl: https://etcd-1.Example.net:2380',
      'listenPeerUrls: ["https://[::1]:2380", https://127.0.0.1:2380, https://localhost:2381]',
    );
    expect(memberOf(text).peerUrl).toBe('https://etcd-1.Example.net:2380');
    expect(memberOf(text).listenPeerUrls).toHaveLength(3);
  });

  it('reach clients by https with a CA alone', () => {
    const text = clusterWith('tls: { ca: ca.pem }').replace('http:', 'https:');
    expect(specOf(text).cluster.tls).toEqual({
      ca: '/srv/plans/ca.pem',
      cert: undefined,
      key: undefined,
    });
  });
});
