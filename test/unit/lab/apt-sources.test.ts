/** Goal: the machine's own archive is found in apt's files. Method: both of their forms, as distributions ship them. */

import { describe, expect, it } from 'vitest';
import { archiveOf, parseAptSources } from '../../../src/lab/apt-sources.ts';
import { machineSuite } from '../../../src/lab/etcd-debian.ts';

const STANZAS = `# a comment above
Types: deb
# and one inside
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://off.example/debian
Suites: sid
Components: main
Enabled: no

Types: deb-src
URIs: http://source.example/debian
Suites: trixie
Components: main
`;

const LINES = `# deb http://commented.example/ubuntu noble main
deb [arch=amd64 signed-by=/a.gpg] http://mirror.example/ubuntu noble main universe # why
deb-src http://source.example/ubuntu noble main
deb http://mirror.example/ubuntu noble-updates main
`;

describe('apt sources', () => {
  it('are read from stanzas, without the disabled ones and those of source packages', () => {
    const sources = parseAptSources(STANZAS);
    expect(sources.map((source) => source.suites)).toEqual([
      ['bookworm', 'bookworm-updates'],
      ['bookworm-security'],
    ]);
    expect(archiveOf(sources, 'bookworm')?.uri).toBe('http://mirror.example/debian');
  });

  it('are read from lines, without the commented ones', () => {
    const sources = parseAptSources(LINES);
    expect(sources).toHaveLength(2);
    expect(archiveOf(sources, 'noble')).toEqual({
      uri: 'http://mirror.example/ubuntu',
      suites: ['noble'],
      components: ['main', 'universe'],
    });
  });

  it('name no archive for a suite that only has updates', () => {
    expect(archiveOf(parseAptSources(LINES), 'noble-updates')?.suites).toEqual(['noble-updates']);
    expect(archiveOf(parseAptSources(LINES), 'jammy')).toBeUndefined();
  });
});

describe('the suite of a machine', () => {
  it('is what os-release says of Debian and Ubuntu', () => {
    expect(machineSuite('ID=debian\nVERSION_CODENAME=bookworm\n')).toEqual({
      distribution: 'debian',
      suite: 'bookworm',
    });
    expect(machineSuite('VERSION_CODENAME="noble"\nID="ubuntu"')?.suite).toBe('noble');
  });

  it('is undefined elsewhere, and where no code name is given', () => {
    expect(machineSuite('ID=fedora\nVERSION_CODENAME=""\n')).toBeUndefined();
    expect(machineSuite('ID=debian\n')).toBeUndefined();
    expect(machineSuite('')).toBeUndefined();
  });
});
