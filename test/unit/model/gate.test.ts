/** Goal: of several verdicts the one that must be acted on wins. */

import { describe, expect, it } from 'vitest';
import { type Verdict, strictest } from '../../../src/model/gate.ts';

const pass = (evidence: string): Verdict => ({ kind: 'pass', evidence });
const hold = (waitsFor: string, fault: 'ours' | 'foreign'): Verdict => ({
  kind: 'hold',
  waitsFor,
  fault,
});
const fail = (because: string, fault: 'ours' | 'foreign'): Verdict => ({
  kind: 'fail',
  because,
  fault,
});

describe('the strictest verdict', () => {
  it('is a pass only when all pass, with all the evidence', () => {
    expect(strictest([pass('healthy'), pass('linked')])).toEqual(pass('healthy; linked'));
  });

  it('is a hold when one holds, and tells everything that is waited for', () => {
    expect(strictest([pass('a'), hold('b', 'ours'), hold('c', 'ours')])).toEqual(
      hold('b; c', 'ours'),
    );
  });

  it('of holds is foreign when one of them is', () => {
    expect(strictest([hold('b', 'ours'), hold('c', 'foreign')])).toEqual(hold('b; c', 'foreign'));
  });

  it('knows how long it holds when each of the holds does', () => {
    const until = (forMs: number): Verdict => ({
      kind: 'hold',
      waitsFor: 'b',
      fault: 'ours',
      forMs,
    });
    expect(strictest([until(200), until(700)])).toMatchObject({ forMs: 700 });
    expect(strictest([until(200), hold('c', 'ours')])).not.toHaveProperty('forMs');
  });

  it('is a fail before any hold, and one of ours before a foreign one', () => {
    expect(strictest([hold('b', 'ours'), fail('c', 'foreign')])).toEqual(fail('c', 'foreign'));
    expect(strictest([fail('c', 'foreign'), fail('d', 'ours')])).toEqual(fail('d', 'ours'));
  });

  it('of nothing is a pass without evidence', () => {
    expect(strictest([])).toEqual(pass(''));
  });
});
