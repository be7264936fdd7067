/**
 * Goal: settings are read as etcd reads them. Method: command lines and environments, one rule
 * each.
 */

import { describe, expect, it } from 'vitest';
import {
  diskSettings,
  processSettings,
  runningSettings,
} from '../../../src/discover/config-facts.ts';

const etcd = (...words: string[]): readonly string[] => ['/usr/bin/etcd', ...words];
const read = (argv: readonly string[], environment = {}) => runningSettings(argv, environment);

describe('the settings of a running process', () => {
  it('are the same with one dash or two, with = or the next word', () => {
    const all = read(
      etcd('--name=m1', '-data-dir', '/d', '-wal-dir=/w', '--heartbeat-interval', '200'),
    );
    expect(all).toEqual({
      known: true,
      value: { 'data-dir': '/d', 'heartbeat-interval': '200', name: 'm1', 'wal-dir': '/w' },
    });
  });

  it('take no word after a boolean flag, and write booleans in one way', () => {
    const all = read(etcd('--peer-client-cert-auth', '--name', 'm1'), { ETCD_PEER_AUTO_TLS: 'F' });
    expect(all).toEqual({
      known: true,
      value: { name: 'm1', 'peer-auto-tls': 'false', 'peer-client-cert-auth': 'true' },
    });
  });

  it('keep a value with = in it whole', () => {
    const cluster = 'm1=http://a:2380,m2=http://b:2380';
    expect(read(etcd(`--initial-cluster=${cluster}`))).toMatchObject({
      value: { 'initial-cluster': cluster },
    });
  });

  it('come from the environment where no flag is given, and only from names that etcd reads', () => {
    const environment = {
      ETCD_NAME: 'm1',
      ETCD_LISTEN_PEER_URLS: '',
      ETCD_data_dir: '/x',
      HOME: '/root',
    };
    expect(read(etcd(), environment)).toEqual({ known: true, value: { name: 'm1' } });
  });

  it('have the flag win over its variable, also an empty flag', () => {
    const environment = { ETCD_NAME: 'old', ETCD_PEER_CERT_FILE: '/c.pem' };
    const all = read(etcd('--name', 'new', '--peer-cert-file='), environment);
    expect(all).toEqual({ known: true, value: { name: 'new' } });
  });

  it('are unknown when a config file decides alone', () => {
    for (const all of [
      read(etcd('--config-file', '/e.yml')),
      read(etcd(), { ETCD_CONFIG_FILE: '/e.yml' }),
    ]) {
      expect(all).toMatchObject({
        known: false,
        reason: expect.stringContaining('/e.yml') as string,
      });
    }
  });

  it('are unknown when the process is not etcd, or its command line is none that etcd takes', () => {
    expect(read(['/bin/sh', '-c', 'etcd'])).toMatchObject({
      reason: 'the process is "sh", not etcd',
    });
    expect(read(etcd('grpc-proxy', 'start'))).toMatchObject({ known: false });
    expect(read(etcd('--name'))).toMatchObject({
      reason: expect.stringContaining('--name') as string,
    });
  });

  it('hold no password that an image keeps in a variable named like a setting', () => {
    const environment = {
      ETCD_ROOT_PASSWORD: 'hunter2',
      ETCD_INITIAL_CLUSTER_TOKEN: 't',
      ETCD_NAME: 'm1',
    };
    expect(read(etcd(), environment)).toEqual({ known: true, value: { name: 'm1' } });
  });
});

describe('the settings of the next start', () => {
  const given = processSettings(etcd('--data-dir', '/d'), {
    ETCD_NAME: 'm1',
    ETCD_PEER_CERT_FILE: '/old',
  });
  const running = given.known ? given.value : undefined;

  it('are those of the file over what the process has from elsewhere', () => {
    expect(diskSettings({ 'peer-cert-file': '/new' }, running)).toEqual({
      'data-dir': '/d',
      name: 'm1',
      'peer-cert-file': '/new',
    });
  });

  it('lack a setting of ours that the file does not hold: it was taken out since the start', () => {
    expect(diskSettings({}, running)).toEqual({ 'data-dir': '/d', name: 'm1' });
  });

  it('are those of the file alone while nothing runs', () => {
    expect(diskSettings({ name: 'm1', 'peer-cert-file': '' }, undefined)).toEqual({ name: 'm1' });
  });
});
