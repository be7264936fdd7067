/** Goal: what has no adapter is named, by its key and value. Method: specs that ask for one thing each. */

import { describe, expect, it } from 'vitest';

import { declare } from '../../../src/declare/declare.ts';
import { unsupported } from '../../../src/declare/supported.ts';
import { FOLDERS, clusterWith, memberWith, minimalWith } from './plan-files.ts';

const LOCAL = [
  'host: { transport: local }',
  'service: { manager: command, start: [a], stop: [b], status: [c] }',
];

function asked(text: string): readonly string[] {
  const result = declare(text, 'plan.yaml', FOLDERS);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return unsupported(result.value);
}

describe('unsupported', () => {
  it('is empty for what this version has adapters for', () => {
    expect(asked(memberWith(...LOCAL))).toEqual([]);
  });

  it('names keys of members by their number', () => {
    const lines = asked(memberWith(...LOCAL, 'config: { format: flags, path: /etc/etcd.sh }'));
    expect(lines).toEqual(['members[0].config.format: flags (with service.manager: command)']);
  });

  it('has containers, whose settings are their own', () => {
    const docker = 'service: { manager: docker, container: etcd }';
    expect(asked(memberWith(docker))).toEqual([]);
    expect(asked(memberWith(docker, 'config: { format: flags }'))).toEqual([]);
    expect(asked(memberWith(docker, 'config: { format: yaml, path: /etc/etcd.yaml }'))).toEqual([
      'members[0].config.format: yaml (with service.manager: docker)',
    ]);
    const deadman = 'gates: { deadman: 5m }\n';
    expect(asked(memberWith(docker) + deadman)).toEqual(['gates.deadman: on (with docker)']);
    expect(asked(memberWith(...LOCAL) + deadman)).toEqual([]);
  });

  it('refuses a place for the settings of a container', () => {
    const docker = 'service: { manager: docker, container: etcd }';
    const text = memberWith(docker, 'config: { format: flags, path: /etc/etcd.service }');
    const declared = declare(text, 'plan.yaml', FOLDERS);
    expect(declared.ok ? '' : declared.error.map(({ message }) => message).join()).toContain(
      'the settings are those of the container etcd',
    );
  });

  it.each([
    ['strategy: rebuild\ngates: { deadman: 2m }', 'gates.deadman: on (with rebuild)'],
    ['scope: client\nmemberApi: etcdctl', 'scope: client (with memberApi: etcdctl)'],
    ['strategy: rebuild\ngates: { canary: { writes: true } }', 'gates.canary: on (with rebuild)'],
    [
      'memberApi: etcdctl\ngates: { canary: { writes: true } }',
      'gates.canary: on (with memberApi: etcdctl)',
    ],
  ])('names %s', (line, name) => {
    expect(asked(memberWith(...LOCAL) + `${line}\n`)).toEqual([name]);
  });

  it('has every scope', () => {
    for (const scope of ['peer', 'client', 'peer+client']) {
      expect(asked(memberWith(...LOCAL) + `scope: ${scope}\n`)).toEqual([]);
    }
  });

  it('has both ways to ask the members', () => {
    expect(asked(memberWith(...LOCAL) + 'memberApi: etcdctl\n')).toEqual([]);
  });

  it('has both ways to the client URLs', () => {
    expect(asked(clusterWith('via: ssh'))).toEqual(asked(clusterWith('via: direct')));
  });

  it('has static pods, with their flags, and no dead-man for them', () => {
    const pod = 'service: { manager: static-pod, path: /k/manifests/etcd.yaml }';
    expect(asked(memberWith('host: { transport: local }', pod))).toEqual([]);
    const other = memberWith(
      'host: { transport: local }',
      pod,
      'config: { format: yaml, path: /e }',
    );
    expect(asked(other)).toEqual([
      'members[0].config.format: yaml (with service.manager: static-pod)',
    ]);
    const text = `${memberWith('host: { transport: local }', pod)}gates: { deadman: 10m }\n`;
    expect(asked(text)).toEqual(['gates.deadman: on (with static-pod)']);
  });

  it('names sudo without saying more of its password', () => {
    const host = 'host: { transport: local, sudo: { password: { env: SUDO } } }';
    expect(asked(memberWith(host))).toContain('members[0].host.sudo: with a password');
  });

  it('has every mode of pki', () => {
    const pki = 'pki: { mode: provided, ca: { cert: ca.pem } }';
    const text = memberWith(...LOCAL, 'certificate: { cert: a.pem, key: b.pem }') + `${pki}\n`;
    expect(asked(text)).toEqual([]);
    expect(asked(minimalWith('pki: { days: 30 }')).join()).not.toContain('pki');
  });
});
