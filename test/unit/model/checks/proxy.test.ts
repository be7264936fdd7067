/** Goal: NO_PROXY is read as Go reads it. Method: one host, one list, a yes or a no. */

import { describe, expect, it } from 'vitest';
import { isDirect } from '../../../../src/model/checks/proxy.ts';

describe('a host is dialled directly', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2, 10.0.0.1', true],
    ['10.0.0.1', '10.0.0.1:2380', true],
    ['10.0.0.1', '10.0.0.0/24', true],
    ['10.0.1.1', '10.0.0.0/24', false],
    ['10.0.0.1', '10.0.0.11', false],
    ['10.0.0.1', '', false],
    ['10.0.0.1', '*', true],
    ['127.0.0.9', '', true],
    ['localhost', '', true],
    ['m1.example', 'example', true],
    ['m1.example', '.example', true],
    ['m1.example', '*.example', true],
    ['example', '.example', false],
    ['m1.example.org', 'example', false],
    ['m1.badexample', 'example', false],
    ['M1.Example', 'm1.example', true],
    ['fd00::1', 'fd00::1', true],
    ['fd00::1', '10.0.0.0/8', false],
  ])('%s with NO_PROXY=%s: %s', (host, list, direct) => {
    expect(isDirect(host, list)).toBe(direct);
  });
});
