/** Goal: the cache is looked for where a person expects it. Method: environments as values. */

import { describe, expect, it } from 'vitest';
import { cacheFolders } from '../../../src/lab/etcd-cache.ts';
import { releaseArchitecture } from '../../../src/lab/etcd-release.ts';

describe('the cache folders', () => {
  it('are the one that was named and no other', () => {
    expect(cacheFolders({ HOME: '/home/a' }, '/named', '/lab/etcd')).toEqual(['/named']);
  });

  it('begin with XDG_CACHE_HOME, else with .cache of the home, then the fallback', () => {
    expect(cacheFolders({ HOME: '/h', XDG_CACHE_HOME: '/x' }, undefined, '/lab')).toEqual([
      '/x/peershift/etcd',
      '/lab',
    ]);
    expect(cacheFolders({ HOME: '/h' }, undefined, undefined)).toEqual([
      '/h/.cache/peershift/etcd',
    ]);
  });

  it('pass over an XDG_CACHE_HOME that is not absolute, as its specification says', () => {
    const environment = { HOME: '/h', XDG_CACHE_HOME: 'relative' };
    expect(cacheFolders(environment, undefined, undefined)).toEqual(['/h/.cache/peershift/etcd']);
  });

  it('are only the fallback without a home', () => {
    expect(cacheFolders({}, undefined, '/lab')).toEqual(['/lab']);
  });
});

describe('the pinned release', () => {
  it('has a checksum for two architectures and is not fetched for others', () => {
    expect(releaseArchitecture('x64')).toBe('amd64');
    expect(releaseArchitecture('arm64')).toBe('arm64');
    expect(releaseArchitecture('riscv64')).toBeUndefined();
  });
});
