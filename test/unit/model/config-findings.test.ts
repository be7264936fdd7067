/** Goal: each odd place or value of a setting is told by its code, with the place. Method: sources by hand. */

import { describe, expect, it } from 'vitest';

import {
  type ConfigFinding,
  configFindings,
  fileDiffers,
  nameAllowed,
  peerAutoTls,
  peerCaFile,
  sanCheckSkipped,
  settingElsewhere,
  settingIgnored,
  settingTwice,
} from '../../../src/model/config-findings.ts';
import type { ConfigSources } from '../../../src/model/config-sources.ts';
import type { Settings } from '../../../src/model/settings.ts';

const UNIT = '/lib/systemd/system/etcd.service';

function from(changes: Partial<ConfigSources>): ConfigSources {
  return {
    ...{ format: 'env-file', path: '/etc/default/etcd', file: {}, places: {}, running: {} },
    ...{ process: { flags: {}, environment: {} }, elsewhere: [] },
    ...changes,
  };
}

const running = (settings: Settings, places: Record<string, string> = {}): ConfigSources =>
  from({ running: settings, places });
const codes = (found: readonly ConfigFinding[]): readonly string[] =>
  found.map(({ code, level }) => `${level} ${code}`);
const words = (found: readonly ConfigFinding[]): string => found.map(({ says }) => says).join('\n');

describe('where settings come from', () => {
  it('is nothing to tell when one place makes them all', () => {
    const settings = { 'listen-peer-urls': 'http://10.0.0.1:2380' };
    const sources = from({
      ...{ file: settings, running: settings },
      process: { flags: {}, environment: settings },
    });
    expect(configFindings({ sources, version: '3.4.23' })).toEqual([]);
  });

  it('is told for a flag beside a variable, with both places', () => {
    const flags = { 'listen-peer-urls': 'http://h:1' };
    const elsewhere = [{ flag: 'listen-peer-urls', place: `${UNIT}:7`, isFlag: true, wins: true }];
    const found = settingTwice(from({ process: { flags, environment: {} }, elsewhere }));
    expect(codes(found)).toEqual(['fail SETTING_TWICE']);
    expect(words(found)).toContain(`--listen-peer-urls is on the command line (${UNIT}:7)`);
    const inUnit = from({
      format: 'flags',
      process: { flags, environment: flags },
      elsewhere: [{ flag: 'listen-peer-urls', place: `${UNIT}:3`, isFlag: false, wins: false }],
    });
    expect(words(settingTwice(inUnit))).toContain(`is in the environment (${UNIT}:3)`);
    expect(settingTwice(from({ format: 'flags', process: { flags, environment: {} } }))).toEqual(
      [],
    );
  });

  it('is told for a file that differs from what runs, with its line', () => {
    const sources = from({
      format: 'yaml',
      path: '/e.yml',
      file: { 'listen-peer-urls': 'https://h:1', 'peer-auto-tls': 'no' },
      places: { 'listen-peer-urls': '/e.yml:3' },
      running: { 'listen-peer-urls': 'http://h:1', 'peer-key-file': '/k' },
    });
    const found = fileDiffers(sources);
    expect(words(found)).toContain(
      '/e.yml:3 says listen-peer-urls https://h:1, the process runs with http://h:1',
    );
    expect(words(found)).toContain('/e.yml does not set peer-key-file, the process runs with /k');
  });

  it('is told for what another place sets and wins with', () => {
    const entry = { flag: 'peer-key-file', place: '/etc/other:2', isFlag: false };
    const wins = from({ elsewhere: [{ ...entry, wins: true }] });
    expect(codes(settingElsewhere(wins))).toEqual(['fail SETTING_ELSEWHERE']);
    expect(words(settingElsewhere(wins))).toContain('ETCD_PEER_KEY_FILE is set in /etc/other:2');
    expect(settingElsewhere(from({ elsewhere: [{ ...entry, wins: false }] }))).toEqual([]);
    const later = from({ elsewhere: [{ ...entry, isFlag: true, wins: true }] });
    expect(words(settingElsewhere(later))).toContain('--peer-key-file is set in /etc/other:2');
  });

  it('is told for a variable of the process, with its place when that is known', () => {
    const process = { flags: {}, environment: { 'peer-key-file': '/k' } };
    expect(words(settingElsewhere(from({ process })))).toContain('or was taken out of the file');
    const elsewhere = [{ flag: 'peer-key-file', place: `${UNIT}:4`, isFlag: false, wins: false }];
    expect(words(settingElsewhere(from({ process, elsewhere })))).toContain(`comes from ${UNIT}:4`);
  });

  it('is told for what has no effect beside a config file', () => {
    const environment = { name: 'm1', 'config-file': '/e.yml' };
    const process = { flags: { debug: 'true' }, environment, configFile: '/e.yml' };
    const sources = from({ format: 'yaml', path: '/e.yml', process });
    const found = settingIgnored({ sources, version: '3.4.23' });
    expect(codes(found)).toEqual(['warn SETTING_IGNORED']);
    expect(words(found)).toContain('--debug, ETCD_NAME of its command line and environment');
    expect(codes(settingIgnored({ sources, version: '3.3.25' }))).toEqual(['fail SETTING_IGNORED']);
  });
});

describe('a setting', () => {
  it('peer-ca-file is told with what the version makes of it', () => {
    const sources = running({ 'peer-ca-file': '/ca' }, { 'peer-ca-file': '/e:2' });
    expect(words(peerCaFile({ sources, version: '3.3.25' }))).toContain('it goes with etcd 3.4');
    const gone = peerCaFile({ sources, version: '3.4.23' });
    expect(words(gone)).toContain('(/e:2): etcd 3.4.23 does not know it any more');
  });

  it.each([
    ['PEER_AUTO_TLS', peerAutoTls, { 'peer-auto-tls': 'T' }],
    [
      'SAN_CHECK_SKIPPED',
      sanCheckSkipped,
      { 'experimental-peer-skip-client-san-verification': 'true' },
    ],
    ['SAN_CHECK_SKIPPED', sanCheckSkipped, { 'peer-skip-client-san-verification': '1' }],
    ['NAME_ALLOWED', nameAllowed, { 'peer-cert-allowed-cn': 'etcd' }],
    ['NAME_ALLOWED', nameAllowed, { 'peer-cert-allowed-hostname': 'etcd.example' }],
  ] as const)('is told as %s', (code, judge, settings) => {
    expect(codes(judge(running(settings)))).toEqual([`warn ${code}`]);
    expect(judge(running({}))).toEqual([]);
    const off = Object.fromEntries(Object.keys(settings).map((flag) => [flag, '']));
    expect(judge(running(off))).toEqual([]);
  });

  it('that fails comes before one that warns', () => {
    const flags = { 'listen-peer-urls': 'http://h:1' };
    const sources = from({
      running: { 'peer-auto-tls': 'true' },
      process: { flags, environment: {} },
    });
    expect(codes(configFindings({ sources, version: undefined }))).toEqual([
      'fail SETTING_TWICE',
      'warn PEER_AUTO_TLS',
    ]);
  });
});
