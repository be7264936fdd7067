/** Goal: the advice in a plan file says what it is weighed against. Method: rows as compared. */

import { describe, expect, it } from 'vitest';
import type { Compared } from '../../../src/model/comparison.ts';
import { adviceLines, noAdviceLines } from '../../../src/show/advice.ts';
import { failureWith } from '../../support/fake-doors.ts';

const row = (strategy: Compared['strategy'], restarts: number, windows: number): Compared => ({
  strategy,
  steps: 20,
  restarts,
  windows: Array.from({ length: windows }, () => ({ brokenPairs: ['m2>m1'], because: 'x' })),
  usesSecondPort: strategy === 'dual-listener',
  zeroToleranceRestarts: 3,
});

describe('the advice', () => {
  it('names the advised strategy and what the plan has', () => {
    const [line] = adviceLines([row('documented', 5, 3), row('dual-url', 6, 0)], 'documented');
    expect(line).toBe(
      'Advised for this cluster: dual-url: 6 restarts, no time in which a member cannot dial another; documented: 5 restarts, 3 degraded windows.',
    );
  });

  it('says why there is none', () => {
    const refusal = failureWith('UNSAFE_ROLLOUT', 'm2 could not be dialled');
    expect(adviceLines([{ strategy: 'documented', refusal }], 'documented')[0]).toContain(
      'm2 could not',
    );
    expect(noAdviceLines([failureWith('MEMBER_DOWN', 'm3 is down')])[0]).toContain(
      'MEMBER_DOWN: m3 is down',
    );
  });
});
