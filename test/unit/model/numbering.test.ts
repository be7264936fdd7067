/** Goal: a step keeps the number that the preview gave it as long as the rollout is the same. */

import { describe, expect, it } from 'vitest';
import { stepsBehind } from '../../../src/model/numbering.ts';
import { plannedFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const { steps } = plannedFor(httpWorld(3));

describe('steps that are planned again', () => {
  it('stand behind those that are done, when they are what is left of the same rollout', () => {
    expect(stepsBehind({ steps }, steps.slice(1))).toBe(1);
    expect(stepsBehind({ steps: steps.slice(1), stepsBehind: 1 }, steps.slice(-2))).toBe(
      steps.length - 2,
    );
    expect(stepsBehind({ steps: steps.slice(1), stepsBehind: 1 }, steps.slice(1))).toBe(1);
  });

  it('are counted from 1 when they are others, or more', () => {
    const other = [...steps.slice(2), ...steps.slice(0, 1)];
    expect(stepsBehind({ steps, stepsBehind: 3 }, other)).toBe(0);
    expect(stepsBehind({ steps: steps.slice(1), stepsBehind: 1 }, steps)).toBe(0);
    expect(stepsBehind({ steps: [] }, steps)).toBe(0);
  });
});
