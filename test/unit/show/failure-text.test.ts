/** Goal: five lines, always in this order. Method: whole texts, and lines of any length. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/model/failure.ts';
import { failureText, failuresText } from '../../../src/show/failure-text.ts';

const REFUSAL: Failure = {
  code: 'UNSAFE_ROLLOUT',
  where: 'before step 12 of 19',
  would: 'advertise https://10.0.0.2:2382 for m2',
  but: "m1 and m3 could not dial m2: neither trusts the CA of m2's peer certificate",
  so: '2 of 3 members would participate after this step; the rule asks for 3 of 3',
  remedy: 'install the CA on m1 and m3 first (steps 2 and 6), then prove again',
};

describe('a failure', () => {
  it('is code and moment, what would have been, what stood against it, what follows, what to do', () => {
    expect(failureText(REFUSAL, 'refused').split('\n')).toEqual([
      'refused  UNSAFE_ROLLOUT · before step 12 of 19',
      '  would  advertise https://10.0.0.2:2382 for m2',
      "  but    m1 and m3 could not dial m2: neither trusts the CA of m2's peer certificate",
      '  so     2 of 3 members would participate after this step; the rule asks for 3 of 3',
      '  do     install the CA on m1 and m3 first (steps 2 and 6), then prove again',
    ]);
  });

  it('has its texts in the same column when it failed', () => {
    const [first] = failureText(REFUSAL, 'failed').split('\n');
    expect(first).toBe('failed   UNSAFE_ROLLOUT · before step 12 of 19');
  });

  it('hangs what is longer than 100 columns below its own text', () => {
    const but = 'the quick brown member dials the lazy one again and again '.repeat(4).trim();
    const lines = failureText({ ...REFUSAL, but }, 'refused').split('\n');
    expect(lines.slice(3, 5).every((line) => /^ {9}\S/u.test(line))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join(' ').replace(/\s+/gu, ' ')).toContain(but);
  });

  it('keeps a URL or path whole that is longer than a line', () => {
    const path = `/var/lib/${'long/'.repeat(30)}peer.pem`;
    expect(failureText({ ...REFUSAL, but: `cannot read ${path} now` }, 'failed')).toContain(path);
  });

  it('has no line for a part that says nothing', () => {
    const text = failureText({ ...REFUSAL, would: '', so: ' ', where: '' }, 'refused');
    expect(text).toMatch(/^refused {2}UNSAFE_ROLLOUT\n {2}but/u);
    expect(text).not.toMatch(/would|^ {2}so/mu);
  });

  it('cannot steer the terminal by what it quotes', () => {
    const text = failureText({ ...REFUSAL, but: 'log says \u001b[2J\u0007 done' }, 'failed');
    expect(text).toContain(String.raw`log says \x1b[2J\x07 done`);
  });

  it('wraps any words within the columns and loses none', () => {
    const words = fc.array(fc.stringMatching(/^[a-z0-9.:/-]{1,30}$/u), { minLength: 1 });
    fc.assert(
      fc.property(words, (list) => {
        const text = failureText({ ...REFUSAL, but: list.join(' ') }, 'failed');
        expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
        expect(text.split(/\s+/u)).toEqual(expect.arrayContaining(list));
      }),
    );
  });
});

describe('several failures', () => {
  it('stand in the order given, with an empty line between two', () => {
    const second = { ...REFUSAL, code: 'MEMBER_DOWN' } as const;
    const text = failuresText([REFUSAL, second], 'refused');
    expect(text.split('\n\n').map((each) => each.split(' ')[2])).toEqual([
      'UNSAFE_ROLLOUT',
      'MEMBER_DOWN',
    ]);
  });
});
