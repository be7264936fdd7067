/** Goal: a way back ends where the run began. Method: ends with one thing about m2 left as the run made it. */

import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../../../src/model/rollout.ts';
import { FLAG } from '../../../../src/model/settings.ts';
import { type World, memberOf, withMember } from '../../../../src/model/world.ts';
import { backAtStart } from '../../../../src/prove/invariants/back-at-start.ts';
import { breaches, momentOf, rolloutOf } from '../../../support/moments.ts';
import { desiredFor } from '../../../support/rollouts.ts';
import { planBack } from '../../../support/small-clusters.ts';
import { httpWorld, httpsUrl, withDown, withTrust } from '../../../support/worlds.ts';

const home = httpWorld(3);
const back: Rollout = planBack(home, home, desiredFor(home));

function atEnd(world: World, rollout = back): readonly string[] {
  return breaches(backAtStart, momentOf(world, { kind: 'end' }), rollout);
}

describe('back-at-start', () => {
  it('holds where every member is as the run found it', () => {
    expect(atEnd(home)).toEqual([]);
  });

  it('names the URL at which a member would stay advertised', () => {
    expect(atEnd({ ...home, record: { ...home.record, m2: [httpsUrl('m2')] } })).toEqual([
      'm2: m2 would stay advertised at https://10.0.0.2:2380; it was at http://10.0.0.2:2380',
    ]);
  });

  it('names the setting that would stay on the disk', () => {
    expect(atEnd(withTrust(home, 'm2'))).toEqual([
      `m2: ${FLAG.peerCertFile} of m2 would stay /etc/etcd/pki/peer.pem; it was unset`,
    ]);
  });

  it('names a member that would not run again, or not with the settings of the start', () => {
    expect(atEnd(withDown(home, 'm2'))).toEqual(['m2: m2 would stay stopped']);
    const { process } = memberOf(withTrust(home, 'm2'), 'm2');
    const stale = withMember(home, { ...memberOf(home, 'm2'), process });
    expect(atEnd(stale)).toEqual(['m2: m2 would not be restarted with the settings of the start']);
  });

  it('asks nothing before the end, and nothing of a way forward', () => {
    const moment = momentOf(withTrust(home, 'm2'), { kind: 'after' });
    expect(breaches(backAtStart, moment, back)).toEqual([]);
    expect(atEnd(withTrust(home, 'm2'), rolloutOf())).toEqual([]);
  });
});
