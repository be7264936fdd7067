/**
 * Goal: what file and process say differently is told before a restart makes it true. Method: pairs
 * of both.
 */

import { describe, expect, it } from 'vitest';
import { merged } from '../../../src/discover/config-facts.ts';
import { contradictions } from '../../../src/discover/contradictions.ts';
import type { Settings } from '../../../src/model/settings.ts';

const path = '/etc/default/etcd';
const of = (file: Settings, environment: Settings, flags: Settings = {}): readonly string[] =>
  contradictions({
    ...{ format: 'env-file', path, file, places: {}, elsewhere: [] },
    process: { flags, environment },
    running: merged({ flags, environment }),
  });

const LISTEN = { 'listen-peer-urls': 'http://10.0.0.1:2380' };

describe('file and process', () => {
  it('agree when the process was started from the file', () => {
    expect(of(LISTEN, LISTEN)).toEqual([]);
  });

  it('differ when the file was changed since the start', () => {
    expect(of({ 'listen-peer-urls': 'https://10.0.0.1:2380' }, LISTEN)).toEqual([
      `${path} says listen-peer-urls https://10.0.0.1:2380, the process runs with http://10.0.0.1:2380: a restart would change it`,
    ]);
    expect(of({ ...LISTEN, 'peer-cert-file': '/p.pem' }, LISTEN)).toEqual([
      expect.stringContaining('the process runs without it: a restart would change it') as string,
    ]);
  });

  it('agree when the file writes a default out', () => {
    expect(of({ ...LISTEN, 'peer-auto-tls': 'FALSE' }, LISTEN)).toEqual([]);
  });

  it('may differ in what a member reads at its first start only', () => {
    const file = {
      ...LISTEN,
      'initial-cluster': 'm1=https://a:1',
      'initial-advertise-peer-urls': 'https://a:1',
    };
    const process = {
      ...LISTEN,
      'initial-cluster': 'm1=http://a:1',
      'initial-advertise-peer-urls': 'http://a:1',
    };
    expect(of(file, process)).toEqual([]);
  });

  it('differ when a peer setting of the process stands nowhere in the file', () => {
    expect(of({}, LISTEN)).toEqual([
      expect.stringContaining('ETCD_LISTEN_PEER_URLS is in the process') as string,
    ]);
    expect(of({}, { name: 'm1', 'data-dir': '/var/lib/etcd' })).toEqual([]);
  });

  it('cannot both hold a setting: a flag beside a variable', () => {
    const flags = { name: 'm1' };
    expect(of({ name: 'm1' }, {}, flags)).toEqual([
      `--name is on the command line and ETCD_NAME is in ${path}: etcd 3.4 and later does not start with both`,
    ]);
    expect(of({}, { name: 'm1' }, flags)).toEqual([
      expect.stringContaining('ETCD_NAME is in the environment') as string,
    ]);
  });

  it('cannot share the peer settings: a flag of ours on the command line is told though the file is empty', () => {
    expect(of({}, {}, LISTEN)).toEqual([
      `--listen-peer-urls is on the command line, while ${path} is to hold it as ETCD_LISTEN_PEER_URLS: etcd 3.4 and later does not start with both`,
    ]);
    expect(of({}, {}, { name: 'm1' })).toEqual([]);
  });
});
