/** Goal: a slip of the fingers is told from another word. Method: slips of the words that matter. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isSecretKey } from '../../../src/base/secret-key.ts';
import { editDistance, nearestWord } from '../../../src/base/spelling.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['prt', 'port', 1],
    ['ports', 'port', 1],
    ['pork', 'port', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('from "%s" to "%s" is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
    expect(editDistance(to, from)).toBe(distance);
  });

  it('is 0 for equal words alone', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(fc.property(word, word, (a, b) => (editDistance(a, b) === 0) === (a === b)));
  });
});

describe('nearestWord', () => {
  it('finds what was meant, in any case', () => {
    expect(nearestWord('STRATEGI', ['scope', 'strategy'])).toBe('strategy');
  });

  it('finds nothing where nothing is near', () => {
    expect(nearestWord('zebra', ['scope', 'strategy'])).toBeUndefined();
    expect(nearestWord('x'.repeat(10_000), ['scope'])).toBeUndefined();
  });
});

describe('isSecretKey', () => {
  it.each(['password', 'passphrase', 'Passwort', 'pasword', 'sudo_pwd', 'apiToken', 'pasphrase'])(
    'is true of %s',
    (key) => {
      expect(isSecretKey(key)).toBe(true);
    },
  );

  it.each(['path', 'port', 'user', 'address', 'transport', 'sourceAddresses', 'quiet'])(
    'is false of %s',
    (key) => {
      expect(isSecretKey(key)).toBe(false);
    },
  );
});
