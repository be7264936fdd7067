/**
 * Goal: the judge refuses what is known to be bad, for the reason that makes it bad. Method: good
 * rollouts, each spoilt by hand in one way; and with the one rule dropped it would have been let through.
 */

import { describe, expect, it } from 'vitest';
import { ok } from '../../src/base/result.ts';
import { prove } from '../../src/prove/prove.ts';
import { INVARIANTS } from '../../src/prove/rules.ts';
import { failureText } from '../../src/show/failure-text.ts';
import { BAD_MEMBERSHIP } from '../support/bad-membership.ts';
import { MUTANTS, good } from '../support/bad-rollouts.ts';
import { BAD_WAYS_BACK } from '../support/bad-ways-back.ts';
import { expectGolden } from '../support/golden.ts';

const ALL = [...MUTANTS, ...BAD_MEMBERSHIP];

describe('a rollout spoilt by hand', () => {
  it.each(ALL)('is refused: $name', ({ rollout, rule, accept = [], code, where, but }) => {
    const proven = prove(rollout, { accept, rollbackFrom: undefined });
    expect(proven.ok).toBe(false);
    if (proven.ok) return;
    const rules = /\(rule ([a-z-]+)\)/u.exec(proven.error.but)?.[1];
    expect({ code: proven.error.code, rule: rules }).toEqual({ code, rule });
    expect(proven.error.where).toContain(where);
    expect(proven.error.but).toContain(but);
  });

  it('is a good one before it is spoilt', () => {
    expect(prove(good(), { accept: [], rollbackFrom: undefined }).ok).toBe(true);
  });
});

describe('each rule', () => {
  it.each(INVARIANTS)('$name alone stands between some bad rollout and the cluster', ({ name }) => {
    const others = INVARIANTS.filter((rule) => rule.name !== name);
    const mine = ALL.filter((mutant) => mutant.rule === name);
    const slipped = mine.filter(({ rollout, accept = [] }) => {
      return prove(rollout, { accept, rollbackFrom: undefined, invariants: others }).ok;
    });
    expect(slipped.length).toBeGreaterThan(0);
  });
});

describe('the refusal of a bad rollout', () => {
  it.each([
    ['all URLs are advertised before any listener is switched', 'refusal-all-urls-first.txt'],
    ['the leaf does not name the source address', 'refusal-source-address.txt'],
    ['the leader is restarted without a hand-over', 'refusal-leader.txt'],
  ])('shows what happens and who can then dial whom: %s', (name, file) => {
    const mutant = MUTANTS.find((each) => each.name === name);
    if (mutant === undefined) throw new Error(`no mutant ${name}`);
    const proven = prove(mutant.rollout, { accept: mutant.accept ?? [], rollbackFrom: undefined });
    if (proven.ok) throw new Error('it was let through');
    expectGolden(file, failureText(proven.error, 'refused'));
  });

  it('shows those of the way back when it is that which breaks a rule', () => {
    const rollout = good();
    const back = BAD_WAYS_BACK[0]?.rollout;
    if (back === undefined) throw new Error('no bad way back');
    const options = { accept: [], rollbackFrom: () => ok(back) };
    const proven = prove(rollout, options);
    if (proven.ok) throw new Error('it was let through');
    expect(proven.error.but).toContain('(rule back-at-start) (rule way-back)');
    expect(proven.error.where).toBe('at the start');
    expect(proven.error.story?.lines[0]).toBe('on the way back from there:');
    expect(prove(rollout, { ...options, rollbackFrom: undefined }).ok).toBe(true);
  });

  it('has them as plain data too', () => {
    const [mutant] = MUTANTS;
    if (mutant === undefined) throw new Error('no mutant');
    const proven = prove(mutant.rollout, { accept: [], rollbackFrom: undefined });
    expect(proven).toMatchObject({
      ok: false,
      error: {
        story: {
          lines: [
            '4  install ca.pem, peer.pem, peer-key.pem on m3',
            '5  write 8 settings of m2',
            '6  restart m2',
          ],
          members: ['m1', 'm2', 'm3'],
          leader: 'm1',
          cells: { 'm1>m2': 'http-to-tls', 'm2>m1': 'ok' },
        },
      },
    });
  });
});
