/** Goal: the list is known before it is changed again. */

import { describe, expect, it } from 'vitest';
import type { GateSpec } from '../../../../src/model/gate.ts';
import { memberName } from '../../../../src/model/ids.ts';
import type { Step } from '../../../../src/model/step.ts';
import { oneChange } from '../../../../src/prove/invariants/one-change.ts';
import { breaches, momentOf, rolloutOf } from '../../../support/moments.ts';
import { stepOf } from '../../../support/steps.ts';
import { httpUrl, httpWorld, httpsUrl } from '../../../support/worlds.ts';

const listed: GateSpec = { checks: ['list'], quietMs: 0, timeoutMs: 1 };
const healthOnly: GateSpec = { checks: ['health'], quietMs: 0, timeoutMs: 1 };

function update(name: string, after?: GateSpec): Step {
  const urls = { from: [httpUrl(name)], to: [httpsUrl(name)] };
  return stepOf({ kind: 'advertise-peer', member: memberName(name), ...urls }, { after });
}

/** After the first of these steps. */
function told(...steps: readonly Step[]): readonly string[] {
  const [step] = steps;
  return breaches(oneChange, momentOf(httpWorld(3), { step, index: 0 }), rolloutOf(steps));
}

describe('one-change', () => {
  it('is broken by two updates with no list read between them', () => {
    const restart = stepOf({ kind: 'restart-member', member: memberName('m1') });
    const but = 'm1: the update of m2 would be sent before that of m1 was read back';
    expect(told(update('m1'), update('m2', listed))).toEqual([but]);
    expect(told(update('m1', healthOnly), restart, update('m2', listed))).toEqual([but]);
  });

  it('holds when the list is read by its own gate or a later one, or when no other update follows', () => {
    const check = stepOf({ kind: 'check-links' }, { after: listed });
    expect(told(update('m1', listed), update('m2', listed))).toEqual([]);
    expect(told(update('m1'), check, update('m2', listed))).toEqual([]);
    expect(told(update('m1'))).toEqual([]);
  });
});
