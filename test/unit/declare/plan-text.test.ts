/** Goal: what init writes is what everything else reads. Method: whole texts, and each of them declared again. */

import { describe, expect, it } from 'vitest';
import { declare } from '../../../src/declare/declare.ts';
import { surveyedPlanText } from '../../../src/declare/plan-text.ts';
import type { DesiredSpec } from '../../../src/model/desired.ts';
import { placeholdersOf } from '../../../src/model/placeholder.ts';
import { type Survey, guessed, seen } from '../../../src/model/survey.ts';
import { expectGolden } from '../../support/golden.ts';
import { surveyOf, surveyedMember } from '../../support/surveys.ts';

const ADVICE = ['Advised for this cluster: dual-url: 6 restarts.'];

function declared(survey: Survey): DesiredSpec {
  const text = surveyedPlanText(survey, ADVICE);
  const read = declare(text, 'plan.yaml', { baseDir: '/srv/plans', homeDir: '/home/op' });
  if (!read.ok) throw new Error(`${JSON.stringify(read.error)}\n${text}`);
  return read.value;
}

const LOCAL: Survey = surveyOf({
  way: { kind: 'local' },
  members: ['m1', 'm2'].map((name) =>
    surveyedMember(name, {
      address: seen('127.0.0.1'),
      notes: ['no client URL answered as this member'],
      service: guessed(
        {
          manager: 'command',
          start: ['sh', `/srv/${name}/start.sh`],
          stop: ['sh', `/srv/${name}/stop.sh`],
          status: ['FILL-IN', 'status', name],
          logFile: `/srv/${name}/etcd.log`,
        },
        'these scripts stand in the folder that it runs in',
      ),
      config: guessed({ format: 'env-file', path: `/srv/${name}/etcd.env` }, 'it agrees'),
      tlsDirectory: seen(`/srv/${name}/pki`),
    }),
  ),
});

describe('the plan file that init writes', () => {
  it('of machines that are alike says once what holds for all', () => {
    expectGolden('declare/init-ssh.yaml', surveyedPlanText(surveyOf(), ADVICE).trimEnd());
    const { members, cluster } = declared(surveyOf());
    expect(cluster.endpoints).toHaveLength(3);
    expect(members.map(({ host, service, config }) => [host.address, service, config])).toEqual(
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => [
        address,
        { manager: 'systemd', unit: 'etcd' },
        { format: 'env-file', path: '/etc/default/etcd' },
      ]),
    );
  });

  it('of one machine gives each member its own, and names what is to be filled in', () => {
    expectGolden('declare/init-local.yaml', surveyedPlanText(LOCAL, ADVICE).trimEnd());
    expect(placeholdersOf(declared(LOCAL))).toEqual(['m1: service.status', 'm2: service.status']);
  });

  it('is the same text each time', () => {
    expect(surveyedPlanText(surveyOf(), ADVICE)).toBe(surveyedPlanText(surveyOf(), ADVICE));
  });

  it('keeps TLS files, a login and the way of clients', () => {
    const client = {
      tls: { ca: 'pki/my ca.pem', cert: 'pki/c.pem', key: 'pki/c-key.pem' },
      login: { username: 'root', passwordEnv: 'PEERSHIFT_PASSWORD' },
      via: 'ssh',
    } as const;
    const endpoints = [seen('https://10.0.0.1:2379')];
    const { cluster } = declared(surveyOf({ client, endpoints }));
    expect(cluster).toEqual({
      endpoints: ['https://10.0.0.1:2379'],
      via: 'ssh',
      tls: {
        ca: '/srv/plans/pki/my ca.pem',
        cert: '/srv/plans/pki/c.pem',
        key: '/srv/plans/pki/c-key.pem',
      },
      auth: { username: 'root', passwordEnv: 'PEERSHIFT_PASSWORD' },
    });
  });

  it.each(['yes', '0123', 'a: b', '#x', '- m', "it's", 'm"1', 'true', '{host}', 'ümlaut', '1e3'])(
    'is read back whole with a member called %s',
    (name) => {
      const members = [{ ...surveyedMember('m1'), name }, surveyedMember('m2')];
      expect(declared(surveyOf({ members })).members.map((each) => each.name)).toEqual([
        name,
        'm2',
      ]);
    },
  );

  it('lets no reason or note end its comment', () => {
    const member = surveyedMember('m1', {
      notes: ['first\nversion: 2'],
      config: guessed({ format: 'env-file', path: '/etc/default/etcd' }, 'because\nname: other'),
    });
    expect(declared(surveyOf({ members: [member] })).name).toBe('etcd-cdf81819');
  });

  it.each([
    { manager: 'docker', container: 'etcd_1', binary: 'podman' },
    { manager: 'static-pod', path: '/etc/kubernetes/manifests/etcd.yaml' },
    { manager: 'systemd', unit: 'etcd@m1' },
  ] as const)('has a service of the manager $manager', (service) => {
    const members = [surveyedMember('m1', { service: seen(service) })];
    expect(declared(surveyOf({ members })).members[0]?.service).toEqual(service);
  });
});
