/** Goal: the mode bits are judged as the kernel does. Method: a table. */

import { describe, expect, it } from 'vitest';

import { mayRead } from '../../../src/base/file-access.ts';

const OPEN = { uid: 0, gid: 0, mode: 0o755 };
const reader = { uid: 10, groups: [20, 21] };

describe('a reader', () => {
  it.each([
    ['owner with the bit', { uid: 10, gid: 99, mode: 0o400 }, true],
    ['owner without it, though everybody else has it', { uid: 10, gid: 20, mode: 0o077 }, false],
    ['primary group', { uid: 0, gid: 20, mode: 0o040 }, true],
    ['another group', { uid: 0, gid: 21, mode: 0o040 }, true],
    ['group without it, though others have it', { uid: 0, gid: 21, mode: 0o604 }, false],
    ['somebody else with the bit', { uid: 0, gid: 0, mode: 0o604 }, true],
    ['somebody else without it', { uid: 0, gid: 0, mode: 0o640 }, false],
  ])('as %s', (_name, file, expected) => {
    expect(mayRead(reader, [OPEN], file)).toBe(expected);
  });

  it('needs to search every folder', () => {
    const file = { uid: 0, gid: 0, mode: 0o644 };
    expect(mayRead(reader, [OPEN, { uid: 0, gid: 0, mode: 0o750 }], file)).toBe(false);
    expect(mayRead(reader, [OPEN, { uid: 0, gid: 21, mode: 0o710 }], file)).toBe(true);
  });

  it('is let through everywhere as root', () => {
    const closed = { uid: 5, gid: 5, mode: 0 };
    expect(mayRead({ uid: 0, groups: [0] }, [closed], closed)).toBe(true);
  });
});
