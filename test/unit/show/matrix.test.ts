/** Goal: broken dials are told in few and right words. Method: pairs whose sentence is known. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { worldCells } from '../../../src/model/dial-cells.ts';
import { brokenText, linkCount, matrixLines } from '../../../src/show/matrix.ts';
import { riskOf, riskText } from '../../../src/show/risk.ts';
import { httpWorld, mixedWorld, withDown, withTls } from '../../support/worlds.ts';

describe('the dial table', () => {
  it('has a row for who dials, a column for who is dialled, and the reason where it fails', () => {
    const cells = worldCells(mixedWorld());
    expect(matrixLines('from', ['m1', 'm2', 'm3'], cells)).toEqual([
      'from  m1        m2  m3',
      'm1    ·         ok  ok',
      'm2    no-trust  ·   ok',
      'm3    no-trust  ok  ·',
    ]);
    expect(linkCount(cells)).toEqual({ up: 4, total: 6 });
  });

  it('has no answer for a member that is down', () => {
    expect(matrixLines('', ['m1', 'm2'], worldCells(withDown(httpWorld(2), 'm2')))).toEqual([
      '    m1  m2',
      'm1  ·   -',
      'm2  -   ·',
    ]);
  });
});

describe('broken pairs in words', () => {
  it.each([
    [['m1>m2', 'm3>m2'], 'm1 and m3 cannot dial m2'],
    [['m3>m1', 'm3>m2'], 'm3 cannot dial m1 and m2'],
    [['m1>m3', 'm2>m3', 'm1>m4', 'm2>m4'], 'm1 and m2 cannot dial m3 and m4'],
    [['m1>m2', 'm2>m1'], 'm1 cannot dial m2; m2 cannot dial m1'],
    [['something else'], 'something else'],
    [[], ''],
  ])('%j: %s', (pairs, words) => {
    expect([brokenText(pairs), brokenText([...pairs].reverse())]).toContain(words);
  });

  it('names each pair exactly once', () => {
    const names = ['m1', 'm2', 'm3', 'm4', 'm5'];
    const all = names.flatMap((from) =>
      names.filter((to) => to !== from).map((to) => `${from}>${to}`),
    );
    fc.assert(
      fc.property(fc.subarray(all), (pairs) => {
        const told = brokenText(pairs)
          .split('; ')
          .filter((phrase) => phrase !== '')
          .flatMap((phrase) => {
            const [sources = '', targets = ''] = phrase.split(' cannot dial ');
            const each = (list: string): string[] => list.split(/, | and /u);
            return each(sources).flatMap((from) => each(targets).map((to) => `${from}>${to}`));
          });
        expect(told.sort()).toEqual([...pairs].sort());
      }),
    );
  });
});

describe('what is at risk', () => {
  it('is leases through followers that cannot dial the leader', () => {
    const text = riskText(riskOf([mixedWorld()]));
    expect(text).toContain('lease keepalives through m2 and m3 while m1 leads');
    expect(text).not.toContain('snapshots');
  });

  it('is raft snapshots where the leader cannot dial, and leases are safe then', () => {
    const text = riskText(riskOf([withTls(httpWorld(), 'm3')]));
    expect(text).toContain('raft snapshots to m3');
    expect(text).toContain('leases are safe while m1 leads');
  });
});
