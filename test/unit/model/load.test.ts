/** Goal: what would not start is known before it is stopped, in etcd's own words. */

import { describe, expect, it } from 'vitest';
import type { FileContent } from '../../../src/model/certificate.ts';
import { loadDisk } from '../../../src/model/load.ts';
import { FLAG, type Settings } from '../../../src/model/settings.ts';
import { type Disk, memberOf } from '../../../src/model/world.ts';
import {
  TLS_PATHS,
  TLS_SETTINGS,
  httpUrl,
  httpsUrl,
  httpsWorld,
  tlsFiles,
} from '../../support/worlds.ts';

const good: Disk = memberOf(httpsWorld(), 'm1').disk;

function withSettings(settings: Settings): Disk {
  return { ...good, settings: { ...good.settings, ...settings } };
}

function without(flag: string): Disk {
  return {
    ...good,
    settings: Object.fromEntries(Object.entries(good.settings).filter(([name]) => name !== flag)),
  };
}

function withFile(path: string, content: FileContent): Disk {
  return { ...good, files: { ...good.files, [path]: content } };
}

const REFUSED: readonly (readonly [string, Disk, string])[] = [
  ['a leaf without a key', without(FLAG.peerKeyFile), 'KeyFile and CertFile must both be present'],
  ['a key without a leaf', without(FLAG.peerCertFile), 'KeyFile and CertFile must both be present'],
  [
    'https without a leaf',
    { settings: { [FLAG.listenPeerUrls]: httpsUrl('m1') }, files: {} },
    'cannot listen on TLS: KeyFile and CertFile are not presented',
  ],
  [
    'a leaf that is not there',
    withFile(TLS_PATHS.leaf, { kind: 'absent' }),
    `open ${TLS_PATHS.leaf}: no such file`,
  ],
  [
    'a key that is not there',
    withFile(TLS_PATHS.key, { kind: 'absent' }),
    `open ${TLS_PATHS.key}: no such file`,
  ],
  [
    'a key of another leaf',
    withFile(TLS_PATHS.key, { kind: 'key', keyId: 'of-another' }),
    'tls: private key does not match public key',
  ],
  [
    'a key that the service may not read',
    withFile(TLS_PATHS.key, { kind: 'unusable', reason: 'permission denied' }),
    `open ${TLS_PATHS.key}: permission denied`,
  ],
  [
    'a CA that is not there',
    withFile(TLS_PATHS.ca, { kind: 'absent' }),
    `open ${TLS_PATHS.ca}: no such file`,
  ],
  [
    'a key in place of the CA',
    withFile(TLS_PATHS.ca, { kind: 'key', keyId: 'k' }),
    `open ${TLS_PATHS.ca}: it holds a private key`,
  ],
  [
    'a CA in place of the leaf',
    withFile(TLS_PATHS.leaf, { kind: 'pool', authorities: [] }),
    `open ${TLS_PATHS.leaf}: it holds certificates of another kind`,
  ],
];

describe('a start that etcd refuses', () => {
  it.each(REFUSED)('for %s', (_name, disk, error) => {
    expect(loadDisk(disk, '3.4.23')).toEqual({ ok: false, error });
  });
});

describe('a start that works', () => {
  it('loads listeners, trust and the demand for client certificates', () => {
    expect(loadDisk(good, '3.4.23')).toMatchObject({
      ok: true,
      value: {
        peer: { listen: [httpsUrl('m1')], certFile: TLS_PATHS.leaf, hasClientCertAuth: true },
        pool: { known: true, value: ['ca-1'] },
        demandsClientCert: true,
      },
    });
  });

  it('on plain http needs no file at all', () => {
    const disk = { settings: { [FLAG.listenPeerUrls]: httpUrl('m1') }, files: {} };
    expect(loadDisk(disk, '3.4.23')).toMatchObject({ ok: true, value: { pool: { value: [] } } });
  });

  it('on https with auto TLS makes its own leaf', () => {
    const settings = { [FLAG.listenPeerUrls]: httpsUrl('m1'), [FLAG.peerAutoTls]: 'true' };
    expect(loadDisk({ settings, files: {} }, '3.4.23').ok).toBe(true);
  });

  it('takes an empty path for none', () => {
    const disk = withSettings({ [FLAG.peerTrustedCaFile]: '' });
    expect(loadDisk(disk, '3.4.23')).toMatchObject({ ok: true, value: { pool: { value: [] } } });
  });

  it('with the installed settings over plain http keeps the listener', () => {
    const settings = { [FLAG.listenPeerUrls]: httpUrl('m2'), ...TLS_SETTINGS };
    const loaded = loadDisk({ settings, files: tlsFiles('m2') }, '3.5.16');
    expect(loaded).toMatchObject({ ok: true, value: { peer: { listen: [httpUrl('m2')] } } });
  });
});
