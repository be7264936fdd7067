/** Goal: one screen tells what holds, what does not and what to do. Method: whole screens, held by goldens. */

import { describe, expect, it } from 'vitest';
import { type CheckItem, ordered } from '../../../src/model/check.ts';
import { checkJson, checkText } from '../../../src/show/check.ts';
import { expectGolden } from '../../support/golden.ts';

const GOOD: readonly CheckItem[] = [
  pass('rollout', '', 'documented: 23 steps, 5 restarts, proven in 261 worlds; 3 degraded windows'),
  pass('quorum', '', '3 of 3 run, 2 are needed: 1 may fail now; m3 leads'),
  pass('reach', 'm1, m2, m3', 'commands and files reach the host'),
  pass('sources', 'm1, m2, m3', 'each leaf names the addresses that its dials come from'),
];

const BAD: readonly CheckItem[] = [
  {
    rule: 'config-managed',
    result: 'fail',
    where: 'm2',
    because: '/etc/default/etcd says "# Managed by Puppet": our change would be written over',
    remedy:
      'make the change there and stop the agent meanwhile, then list config-managed under accept',
  },
  {
    rule: 'leases',
    result: 'warn',
    where: '',
    because:
      '4 granted, the shortest of 10 s; a degraded window lasts some 33 s, in which a client of a follower that cannot dial the leader does not renew',
    remedy: 'take a strategy without degraded windows (peershift preview --compare)',
  },
];

function pass(rule: CheckItem['rule'], where: string, because: string): CheckItem {
  return { rule, result: 'pass', where, because, remedy: '' };
}

describe('the screen of check', () => {
  it('has the parts in their order and one closing sentence', () => {
    expectGolden('show/check-good.txt', checkText(ordered(GOOD, [])));
    expect(checkJson(GOOD).sentence).toBe('this plan can run: 4 passed; nothing has been changed');
  });

  it('has what to do under each answer that is no pass', () => {
    expectGolden('show/check-bad.txt', checkText(ordered([...GOOD, ...BAD], [])));
    expect(checkJson([...GOOD, ...BAD])).toMatchObject({ passed: 4, warned: 1, failed: 1 });
  });

  it('shows what was accepted as a warning that says so', () => {
    const text = checkText(ordered([...GOOD, ...BAD], ['config-managed']));
    expect(text).toContain('accepted in the plan file');
    expect(text).toMatch(/this plan can run: 4 passed, 2 warnings/u);
  });

  it('lets nothing that a host said steer a terminal', () => {
    const text = checkText([pass('reach', 'm1', 'a\u001b[2Jb')]);
    expect(text).toContain('a\\x1b[2Jb');
  });
});
