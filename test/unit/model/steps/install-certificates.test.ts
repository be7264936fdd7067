/** Goal: files come to a host one by one, and never over one that is in use. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import {
  installCertificates,
  namedPaths,
} from '../../../../src/model/steps/install-certificates.ts';
import { memberOf } from '../../../../src/model/world.ts';
import { stepOf } from '../../../support/steps.ts';
import { TLS_PATHS, httpWorld, tlsFiles, withTrust } from '../../../support/worlds.ts';

const files = [
  ['ca', TLS_PATHS.ca],
  ['leaf', TLS_PATHS.leaf],
  ['key', TLS_PATHS.key],
] as const;
const step = stepOf({
  kind: 'install-certificates',
  member: memberName('m1'),
  files: files.map(([role, path]) => {
    const content = tlsFiles('m1')[path] ?? { kind: 'absent' as const };
    return { role, path, source: `/home/op/pki/m1-${role}`, content };
  }),
});
const world = httpWorld(3);

describe('install-certificates', () => {
  it('puts each file there, and changes no process', () => {
    const after = installCertificates.apply(world, step);
    expect(memberOf(after, 'm1').disk.files).toEqual(tlsFiles('m1'));
    expect(memberOf(after, 'm1').process).toBe(memberOf(world, 'm1').process);
  });

  it('can be cut off after each file but the last', () => {
    const halves = installCertificates.halfway(world, step);
    expect(halves.map((half) => Object.keys(memberOf(half, 'm1').disk.files).length)).toEqual([
      1, 2,
    ]);
  });

  it('does not begin where a running process or its configuration names one of the paths', () => {
    expect(installCertificates.needs(world, step)).toEqual([]);
    const unmet = installCertificates.needs(withTrust(world, 'm1'), step);
    expect(unmet).toHaveLength(3);
    expect(unmet[0]).toBe(`${TLS_PATHS.ca} is in use by m1 and must not be overwritten`);
  });

  it('knows the paths of the disk and of the process', () => {
    expect([...namedPaths(memberOf(withTrust(world, 'm1'), 'm1'))].sort()).toEqual(
      Object.values(TLS_PATHS).sort(),
    );
  });

  it('says what it does, where, and how it is undone', () => {
    expect(installCertificates.say(step)).toBe('install ca.pem, peer.pem, peer-key.pem on m1');
    expect(installCertificates.place(step)).toBe('m1');
    expect(installCertificates.undo(world, step)).toBe('remove 3 files');
  });
});
