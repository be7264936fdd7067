/** Goal: only a folder that we made counts as a lab. Method: marks with one thing wrong. */

import { describe, expect, it } from 'vitest';
import { blockFor } from '../../../src/lab/address-block.ts';
import { labOf, parseLabMark } from '../../../src/lab/lab-folder.ts';
import { markOf } from './mark.ts';

const MARK = markOf(2);

describe('a mark', () => {
  it('is read as it was written', () => {
    expect(parseLabMark(JSON.stringify(MARK))).toEqual(MARK);
  });

  it.each([
    ['not JSON', '{'],
    ['a list', '[]'],
    ['of another kind', JSON.stringify({ ...MARK, kind: 'other' })],
    ['of a later version', JSON.stringify({ ...MARK, version: 2 })],
    ['not of a test cluster', JSON.stringify({ ...MARK, isTestCluster: 'yes' })],
    ['without members', JSON.stringify({ ...MARK, members: [] })],
    ['without an etcd', JSON.stringify({ ...MARK, etcd: null })],
  ])('that is %s is nobody of ours', (_, text) => {
    expect(parseLabMark(text)).toBeUndefined();
  });

  it.each([
    { name: '../../etc', address: '127.64.1.11' },
    { name: 'm10', address: '127.64.1.11' },
    { name: 'm1', address: '10.0.0.1' },
  ])('that has $name at $address leads to no folder outside and no other machine', (member) => {
    const text = JSON.stringify({ ...MARK, members: [...MARK.members, member] });
    expect(parseLabMark(text)).toBeUndefined();
  });

  it('gives each member its endpoint and its folder', () => {
    const lab = labOf('/srv/lab', MARK);
    expect(lab.planFile).toBe('/srv/lab/plan.yaml');
    expect(lab.members[1]).toEqual({
      name: 'm2',
      address: '127.64.1.12',
      endpoint: 'http://127.64.1.12:2379',
      folder: '/srv/lab/m2',
    });
  });
});

describe('the address block', () => {
  it('is the same for a folder every time, and mostly another for another folder', () => {
    expect(blockFor('/srv/a', 0, 3)).toEqual(blockFor('/srv/a', 0, 3));
    const blocks = new Set(
      Array.from({ length: 50 }, (_, i) => blockFor(`/srv/${String(i)}`, 0, 1).text),
    );
    expect(blocks.size).toBeGreaterThan(45);
  });

  it('moves on by one with each attempt, and stays inside loopback, clear of 127.0 and 127.1', () => {
    for (let attempt = 0; attempt < 70_000; attempt += 1) {
      const [, x, y] = blockFor('/srv/a', attempt, 1).text.split('.').map(Number);
      if (x === undefined || x < 64 || x > 191 || y === undefined || y < 1 || y > 254) {
        expect.fail(`attempt ${String(attempt)} looks at ${blockFor('/srv/a', attempt, 1).text}`);
      }
    }
    expect(blockFor('/srv/a', 1, 1).text).not.toBe(blockFor('/srv/a', 0, 1).text);
  });

  it('holds an address for each member from .11 on', () => {
    const { text, addresses } = blockFor('/srv/a', 0, 9);
    expect(addresses).toHaveLength(9);
    expect(addresses[0]).toBe(text.replace('.0/24', '.11'));
    expect(addresses[8]).toBe(text.replace('.0/24', '.19'));
  });
});
