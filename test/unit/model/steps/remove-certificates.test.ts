/** Goal: only files that nobody names any more leave a host. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { removeCertificates } from '../../../../src/model/steps/remove-certificates.ts';
import { memberOf, withMember } from '../../../../src/model/world.ts';
import { stepOf } from '../../../support/steps.ts';
import { TLS_PATHS, httpWorld, tlsFiles, withTrust } from '../../../support/worlds.ts';

const plain = memberOf(httpWorld(3), 'm1');
const world = withMember(httpWorld(3), {
  ...plain,
  disk: { ...plain.disk, files: tlsFiles('m1') },
});
const step = stepOf({
  kind: 'remove-certificates',
  member: memberName('m1'),
  paths: [TLS_PATHS.leaf, TLS_PATHS.key],
});

describe('remove-certificates', () => {
  it('takes these files away and no other', () => {
    const after = removeCertificates.apply(world, step);
    expect(Object.keys(memberOf(after, 'm1').disk.files)).toEqual([TLS_PATHS.ca]);
  });

  it('does not begin while a process or a configuration names one of them', () => {
    expect(removeCertificates.needs(world, step)).toEqual([]);
    expect(removeCertificates.needs(withTrust(world, 'm1'), step)).toEqual([
      `${TLS_PATHS.leaf} is still in use by m1`,
      `${TLS_PATHS.key} is still in use by m1`,
    ]);
  });

  it('says what it does, where, and how it is undone', () => {
    expect(removeCertificates.say(step)).toBe(
      'remove the 2 files that this run put on m1, where still the same',
    );
    expect(removeCertificates.place(step)).toBe('m1');
    expect(removeCertificates.undo(world, step)).toBe('install them again');
    expect(removeCertificates.halfway(world, step)).toEqual([]);
  });
});
