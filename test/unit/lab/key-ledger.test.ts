/** Goal: no acknowledged write is forgotten and none is made up. Method: outcomes in every order, by hand. */

import { describe, expect, it } from 'vitest';
import { KeyLedger } from '../../../src/lab/key-ledger.ts';

function ledgerOf(outcomes: string): KeyLedger {
  const ledger = new KeyLedger('p/', 40);
  for (const outcome of outcomes) ledger.settle(outcome === '+');
  return ledger;
}

describe('a key ledger', () => {
  it.each([
    ['', []],
    ['+', [0]],
    ['-', []],
    ['+++', [0, 1, 2]],
    ['-+-+', [1, 3]],
    ['+--+-', [0, 3]],
    ['---', []],
  ])('tells of %j the acknowledged numbers', (outcomes, numbers) => {
    expect([...ledgerOf(outcomes).acknowledged()]).toEqual(numbers);
  });

  it('uses no number twice, so that a later write cannot stand in for a lost one', () => {
    expect(ledgerOf('+-+').nextNumber).toBe(3);
  });

  it('makes keys whose order is the order of their numbers', () => {
    const ledger = new KeyLedger('p/', 40);
    expect(ledger.key(9) < ledger.key(10)).toBe(true);
    expect(ledger.key(99_999) < ledger.key(100_000)).toBe(true);
  });

  it('makes values of the wanted size that differ from key to key', () => {
    const ledger = new KeyLedger('p/', 40);
    expect(ledger.value(1)).toHaveLength(40);
    expect(ledger.value(1)).not.toBe(ledger.value(2));
  });
});
