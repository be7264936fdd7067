/** Turns a few wishes into a survey of a cluster as init makes it. */

import { type Survey, type SurveyedMember, guessed, seen } from '../../src/model/survey.ts';
import { addressOf, httpUrl } from './worlds.ts';

export function surveyedMember(
  name: string,
  changes: Partial<SurveyedMember> = {},
): SurveyedMember {
  return {
    name,
    version: '3.4.23',
    isLeader: name === 'm2',
    isLearner: false,
    peerUrls: [httpUrl(name)],
    clientUrls: [`http://${addressOf(name)}:2379`],
    address: guessed(addressOf(name), 'the host of its peer URL'),
    service: seen({ manager: 'systemd', unit: 'etcd' }),
    config: seen({ format: 'env-file', path: '/etc/default/etcd' }),
    tlsDirectory: guessed('/etc/etcd/pki', 'the usual place'),
    notes: [],
    ...changes,
  };
}

export function surveyOf(changes: Partial<Survey> = {}): Survey {
  const members = ['m1', 'm2', 'm3'].map((name) => surveyedMember(name));
  return {
    planName: guessed('etcd-cdf81819', 'by the cluster ID'),
    clusterId: 'cdf818194e3a8c32',
    endpoints: members.map(({ name }) => seen(`http://${addressOf(name)}:2379`)),
    client: { tls: undefined, login: undefined, via: 'direct' },
    way: { kind: 'ssh', user: 'root', port: undefined },
    members,
    ...changes,
  };
}
