/** Goal: of three witnesses of one link the right one is believed. Method: every combination that counts, by hand. */

import { describe, expect, it } from 'vitest';

import {
  type CellInput,
  LINE_SILENCE_MS,
  type LinkCell,
  linkCell,
} from '../../../src/model/link-cell.ts';

const AT = 100_000;
const WELL: CellInput = {
  probe: { kind: 'reached', atMs: AT },
  dial: undefined,
  line: undefined,
  unheard: undefined,
};
const BLIND = { kind: 'unreadable', atMs: AT, because: 'no metrics of m1: 404' } as const;
const ANSWERED = { result: 'answered', atMs: AT, because: 'a dial is answered' } as const;
const REFUSED = { result: 'refused', atMs: AT, because: 'a dial is refused' } as const;
const UNDECIDED = { result: 'undecided', atMs: AT, because: 'no dial is made' } as const;
const said = (readAtMs: number, isNamed = true) => {
  return { quote: 'm1 logs "x509" of its dial of m2', readAtMs, isNamed };
};

const TABLE: readonly (readonly [
  what: string,
  changes: Partial<CellInput>,
  cell: Pick<LinkCell, 'state' | 'source'>,
  words: string,
])[] = [
  ['a probe got through', {}, { state: 'reached', source: 'metrics' }, 'a fresh probe got through'],
  [
    'a probe got through and a log names the pair later',
    { line: said(AT + 1) },
    { state: 'not-reached', source: 'log' },
    'm1 logs "x509" of its dial of m2, after a probe got through',
  ],
  [
    'a probe got through after a log named the pair',
    { line: said(AT - 1) },
    { state: 'reached', source: 'metrics' },
    'a fresh probe got through',
  ],
  [
    'a probe got through and a log speaks of one of several pairs later',
    { line: said(AT + 1, false) },
    { state: 'reached', source: 'metrics' },
    'a fresh probe got through',
  ],
  [
    'a probe got through and a dial is refused later',
    { dial: { ...REFUSED, atMs: AT + 1 } },
    { state: 'not-reached', source: 'dial' },
    'a dial is refused, after a probe got through',
  ],
  [
    'a probe got through after a dial was refused',
    { dial: { ...REFUSED, atMs: AT - 1 } },
    { state: 'reached', source: 'metrics' },
    'a fresh probe got through',
  ],
  [
    'no probe got through, whatever a dial from outside the process says',
    { probe: { kind: 'not-reached', atMs: AT }, dial: { ...ANSWERED, atMs: AT + 1 } },
    { state: 'not-reached', source: 'metrics' },
    'not reached by fresh probes',
  ],
  [
    'no probe got through, and a log says why',
    { probe: { kind: 'not-reached', atMs: AT }, line: said(AT - 1) },
    { state: 'not-reached', source: 'metrics' },
    'not reached by fresh probes; m1 logs "x509" of its dial of m2',
  ],
  [
    'no probe has been counted, whatever a dial says',
    { probe: { kind: 'waiting', atMs: AT }, dial: ANSWERED },
    { state: 'unknown', source: 'none' },
    'no fresh probe has been counted yet',
  ],
  [
    'there are no metrics and nothing else',
    { probe: BLIND },
    { state: 'unknown', source: 'none' },
    'no metrics of m1: 404',
  ],
  [
    'there are no metrics and a dial is answered',
    { probe: BLIND, dial: ANSWERED },
    { state: 'reached', source: 'dial' },
    'a dial is answered',
  ],
  [
    'there are no metrics, a dial is answered and no log is heard',
    { probe: BLIND, dial: ANSWERED, unheard: 'no log is configured' },
    { state: 'unknown', source: 'none' },
    'no metrics of m1: 404; a dial is answered, and no log can speak against it (no log is configured)',
  ],
  [
    'there are no metrics and a dial is refused',
    { probe: BLIND, dial: REFUSED },
    { state: 'not-reached', source: 'dial' },
    'a dial is refused',
  ],
  [
    'there are no metrics and a dial decides nothing',
    { probe: BLIND, dial: UNDECIDED },
    { state: 'unknown', source: 'none' },
    'no metrics of m1: 404; no dial is made',
  ],
  [
    'there are no metrics, a dial is answered and a log named the pair a moment before',
    { probe: BLIND, dial: ANSWERED, line: said(AT - LINE_SILENCE_MS + 1) },
    { state: 'not-reached', source: 'log' },
    'm1 logs "x509" of its dial of m2',
  ],
  [
    'there are no metrics, and a dial is answered long after a log named the pair',
    { probe: BLIND, dial: ANSWERED, line: said(AT - LINE_SILENCE_MS) },
    { state: 'reached', source: 'dial' },
    'a dial is answered',
  ],
  [
    'there are no metrics, a dial is answered and a log may speak of this pair',
    { probe: BLIND, dial: ANSWERED, line: said(AT, false) },
    { state: 'unknown', source: 'none' },
    'm1 logs "x509" of its dial of m2, which may be about this link',
  ],
  [
    'there are no metrics, and only a log that names the pair',
    { probe: BLIND, line: said(AT) },
    { state: 'not-reached', source: 'log' },
    'm1 logs "x509" of its dial of m2',
  ],
];

describe('one cell of the observed dial matrix', () => {
  it.each(TABLE)('is decided where %s', (_what, changes, cell, because) => {
    expect(linkCell({ ...WELL, ...changes })).toEqual({ ...cell, because });
  });

  it('is never reached while anything later speaks against it', () => {
    const probes = [WELL.probe, BLIND, { kind: 'waiting', atMs: AT } as const];
    for (const probe of probes) {
      for (const dial of [undefined, ANSWERED, REFUSED, UNDECIDED]) {
        const cell = linkCell({ ...WELL, probe, dial, line: said(AT + 1) });
        expect(cell.state).not.toBe('reached');
      }
    }
  });
});
