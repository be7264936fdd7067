/** Goal: whatever a member is left with on its disk, it can start from it. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { FLAG } from '../../../../src/model/settings.ts';
import { memberOf, withMember } from '../../../../src/model/world.ts';
import { startable } from '../../../../src/prove/invariants/startable.ts';
import { breaches, momentOf } from '../../../support/moments.ts';
import { httpWorld, httpsWorld } from '../../../support/worlds.ts';

const m2 = memberOf(httpWorld(3), 'm2');
const settings = { ...m2.disk.settings, [FLAG.peerTrustedCaFile]: '/gone.pem' };
const broken = withMember(httpWorld(3), { ...m2, disk: { ...m2.disk, settings } });

describe('startable', () => {
  it('is broken by a disk that names a file that is not there', () => {
    expect(breaches(startable, momentOf(broken))).toEqual([
      'm2: etcd on m2 would refuse to start: open /gone.pem: no such file',
    ]);
  });

  it('holds on http and on https, and is not asked after a crash', () => {
    expect(breaches(startable, momentOf(httpWorld(3)))).toEqual([]);
    expect(breaches(startable, momentOf(httpsWorld(3)))).toEqual([]);
    const mishap = { member: memberName('m2'), isBack: false };
    expect(breaches(startable, momentOf(broken, { mishap }))).toEqual([]);
  });
});
