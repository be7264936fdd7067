/** Goal: an edit changes the settings it names, where they stand, and nothing else. Method: definitions recorded from Docker. */

import { expect, it } from 'vitest';

import type { Mount } from '../../../../src/adapters/docker/container.ts';
import type { Definition } from '../../../../src/adapters/docker/definition.ts';
import { mergedSettings, settingsIn, withSettings } from '../../../../src/adapters/docker/edit.ts';
import { differences } from '../../../../src/adapters/docker/likeness.ts';
import { hostPathOf } from '../../../../src/adapters/docker/mounts.ts';
import { value } from '../../../support/etcd-calls.ts';
import { type Entry, recordedContainer } from '../../../support/engine-record.ts';

const DATA: Mount = {
  ...{ type: 'bind', name: '', source: '/srv/m1', destination: '/var/lib/etcd' },
  ...{ isWritable: true, propagation: 'rprivate' },
};

function definition(
  words: readonly string[],
  environment: readonly string[] = [],
  mounts: readonly Mount[] = [DATA],
): Definition {
  return {
    ...{ name: 'e1', options: [['--network', 'host']], environment, image: 'etcd:3.4.23' },
    ...{ imageId: 'sha256:1', words, wordsBefore: 1, mounts, keepsOwnWords: false, problems: [] },
  };
}

const set = (flag: string, to: string | undefined) => ({ flag, from: undefined, to });
const LISTEN = set('listen-peer-urls', 'https://10.0.0.1:2380');
const CERT = set('peer-cert-file', '/etc/etcd/pki/peer.pem');

it('changes a flag where it stands and as it is written, and adds new ones behind', () => {
  const words = [
    'etcd',
    '--name',
    'm1',
    '-listen-peer-urls',
    'http://10.0.0.1:2380',
    '--data-dir=/d',
  ];
  const next = value(withSettings(definition(words), [LISTEN, CERT, set('data-dir', '/e')]));
  expect(next.words).toEqual([
    ...['etcd', '--name', 'm1', '-listen-peer-urls', 'https://10.0.0.1:2380', '--data-dir=/e'],
    '--peer-cert-file=/etc/etcd/pki/peer.pem',
  ]);
  expect(next.environment).toEqual([]);
});

it('changes a variable where that sets it, and adds new ones there too', () => {
  const environment = ['TZ=UTC', 'ETCD_LISTEN_PEER_URLS=http://10.0.0.1:2380', 'ETCD_NAME=m1'];
  const next = value(withSettings(definition(['etcd'], environment), [LISTEN, CERT]));
  expect(next.words).toEqual(['etcd']);
  expect(next.environment).toEqual([
    ...['TZ=UTC', 'ETCD_LISTEN_PEER_URLS=https://10.0.0.1:2380', 'ETCD_NAME=m1'],
    'ETCD_PEER_CERT_FILE=/etc/etcd/pki/peer.pem',
  ]);
  const back = value(withSettings(next, [set('peer-cert-file', undefined)]));
  expect(back.environment).not.toContain('ETCD_PEER_CERT_FILE=/etc/etcd/pki/peer.pem');
});

it('takes a flag out with its value, also a bare boolean', () => {
  const words = ['etcd', '--peer-client-cert-auth', '--peer-cert-file', '/p', '--name=m1'];
  const changes = [set('peer-client-cert-auth', undefined), set('peer-cert-file', undefined)];
  expect(value(withSettings(definition(words), changes)).words).toEqual(['etcd', '--name=m1']);
  const kept = withSettings(definition(words), [set('peer-client-cert-auth', 'true')]);
  expect(value(kept).words).toEqual(words);
});

it('shows a folder of certificates inside, once, where no mount does it yet', () => {
  const both = [CERT, set('peer-key-file', '/etc/etcd/pki/peer-key.pem')];
  const next = value(withSettings(definition(['etcd']), both));
  expect(next.options).toEqual([
    ['--network', 'host'],
    ['--volume', '/etc/etcd/pki:/etc/etcd/pki:ro'],
  ]);
  const seen = { ...DATA, source: '/srv/etc', destination: '/etc/etcd' };
  const there = value(withSettings(definition(['etcd'], [], [seen]), both));
  expect(there.options).toEqual([['--network', 'host']]);
  expect(hostPathOf([seen], '/etc/etcd/pki/peer.pem')).toBe('/srv/etc/pki/peer.pem');
  expect(hostPathOf([seen], '/etc/etcd-other/peer.pem')).toBeUndefined();
});

it('reads flags over variables, and refuses what is neither', () => {
  const own = value(
    settingsIn(definition(['etcd', '--name', 'm1']), [
      'ETCD_NAME=other',
      'ETCD_DATA_DIR=/d',
      'etcd_x=1',
    ]),
  );
  expect(mergedSettings(own)).toEqual({ name: 'm1', 'data-dir': '/d' });
  expect(settingsIn(definition(['etcd', 'stray']), []).ok).toBe(false);
  expect(withSettings(definition(['etcd']), [set('name', 'a\nb')]).ok).toBe(false);
});

it('finds two containers alike that differ in the settings of a run and a folder more', () => {
  const before = recordedContainer('docker-20.10-flags');
  const after = recordedContainer('docker-20.10-flags', (entry) => {
    const words = entry.Config['Cmd'] as string[];
    entry.Config['Cmd'] = words.map((word) => word.replace('http:', 'https:'));
    entry['Mounts'] = [
      ...(entry['Mounts'] as unknown[]),
      { Type: 'bind', Source: '/pki', Destination: '/pki', RW: false },
    ];
  });
  expect(differences(before, before)).toEqual([]);
  // The client URLs are nothing that a run changes.
  expect(differences(before, after)).toEqual(['command line']);
});

it.each<[string, (entry: Entry) => void]>([
  ['HostConfig.Memory', (entry) => (entry.HostConfig['Memory'] = 1)],
  ['Config.User', (entry) => (entry.Config['User'] = 'etcd')],
  ['image', (entry) => (entry.Image = 'sha256:2')],
  ['mounts', (entry) => (entry['Mounts'] = [])],
  ['environment', (entry) => (entry.Config['Env'] = ['TZ=UTC'])],
  ['Config.Hostname', (entry) => (entry.Config['Hostname'] = 'other')],
  ['HostConfig.LogConfig', (entry) => (entry.HostConfig['LogConfig'] = { Type: 'none' })],
])('names what else differs: %s', (name, change) => {
  const before = recordedContainer('docker-20.10-flags');
  expect(differences(before, recordedContainer('docker-20.10-flags', change))).toEqual([name]);
});
