/** Goal: what is written is loaded at once, or a crash would load it at the wrong time. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../../src/model/ids.ts';
import { FLAG } from '../../../../src/model/settings.ts';
import { configureMember } from '../../../../src/model/steps/configure-member.ts';
import { ownRestart } from '../../../../src/prove/invariants/own-restart.ts';
import { breaches, momentOf, rolloutOf } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl } from '../../../support/worlds.ts';

const member = memberName('m2');
const changes = [{ flag: FLAG.listenPeerUrls, from: httpUrl('m2'), to: httpsUrl('m2') }];
const step = stepOf({ kind: 'configure-member', member, changes, restoresOriginal: false });
const restart = stepOf({ kind: 'restart-member', member });
const after = momentOf(configureMember.apply(httpWorld(3), step), { step });

describe('own-restart', () => {
  it('is broken when another step, another member or the end follows', () => {
    const other = { ...restart, member: memberName('m1') };
    for (const next of [[], [other], [stepOf({ kind: 'check-links' })]]) {
      expect(breaches(ownRestart, after, rolloutOf([step, ...next]))).toEqual([
        'm2: the settings of m2 would be written and m2 not restarted at once',
      ]);
    }
  });

  it('holds when the own restart or start follows', () => {
    const start = stepOf({ kind: 'start-member', member });
    expect(breaches(ownRestart, after, rolloutOf([step, restart]))).toEqual([]);
    expect(breaches(ownRestart, after, rolloutOf([step, start]))).toEqual([]);
  });

  it('holds for settings that the process runs with already', () => {
    const same = momentOf(httpWorld(3), { step });
    expect(breaches(ownRestart, same, rolloutOf([step]))).toEqual([]);
  });
});
