/** Goal: nothing unproven sounds proven. Method: whole texts, then one finding at a time made worse. */

import { describe, expect, it } from 'vitest';
import { FINDING_CHECKS, type Finding } from '../../../src/model/finding.ts';
import { verifyJson, verifyText } from '../../../src/show/verify.ts';
import { expectGolden } from '../../support/golden.ts';

const NAMES = ['m1', 'm2', 'm3'];
const GOOD: readonly Finding[] = [
  ...NAMES.flatMap((from) =>
    NAMES.filter((to) => to !== from).map((to): Finding => ({
      check: FINDING_CHECKS.mutualTls,
      from,
      to,
      result: 'proven',
      because: `TLS 1.3, leaf of ${to} by CN=peershift CA, client certificate asked for and accepted`,
    })),
  ),
  ...NAMES.flatMap((to): Finding[] => [
    {
      check: FINDING_CHECKS.refusesPlain,
      to,
      result: 'proven',
      because: 'the connection was closed',
    },
    {
      check: FINDING_CHECKS.refusesAnonymous,
      to,
      result: 'proven',
      because: 'alert certificate required',
    },
  ]),
];

describe('verify', () => {
  it('counts pairs and refusals in one closing sentence', () => {
    expectGolden('show/verify.txt', verifyText(GOOD));
    expect(verifyText(GOOD).split('\n').at(-1)).toBe(
      'mutual TLS only: 6 of 6 ordered pairs dial with TLS and a client certificate; ' +
        'plain http refused by 3 of 3; a dial without a certificate refused by 3 of 3',
    );
  });

  it.each(['broken', 'unknown'] as const)(
    'is not proven by any one finding that is %s',
    (result) => {
      for (const index of GOOD.keys()) {
        const findings = GOOD.map((finding, at) =>
          at === index ? { ...finding, result } : finding,
        );
        expect(verifyJson(findings).isMutualTlsOnly).toBe(false);
        expect(verifyText(findings)).toContain(result.toUpperCase());
        expect(verifyText(findings)).toMatch(/^NOT proven: .*(?:5 of 6|2 of 3)/mu);
      }
    },
  );

  it.each(Object.values(FINDING_CHECKS))('is not proven when nothing was asked of %s', (check) => {
    const findings = GOOD.filter((finding) => finding.check !== check);
    expect(verifyJson(findings).isMutualTlsOnly).toBe(false);
  });

  it('is not proven by no finding at all', () => {
    expect(verifyText([])).toMatch(/^NOT proven: 0 of 0/u);
  });

  it('counts a check of another name under that name', () => {
    const text = verifyText([
      ...GOOD,
      { check: 'dates', to: 'm1', result: 'unknown', because: 'no clock' },
    ]);
    expect(text).toMatch(/NOT proven: .*; dates 0 of 1$/u);
  });
});
