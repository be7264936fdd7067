/** Goal: beside a failure stand the few lines that tell of it, each once. Method: logs in memory, worlds of the model. */

import { describe, expect, it } from 'vitest';

import { memberName } from '../../../src/model/ids.ts';
import type { Sighting } from '../../../src/model/log-each.ts';
import { parseLogLine } from '../../../src/model/log-line.ts';
import { classify } from '../../../src/model/signatures.ts';
import { type EvidenceInput, unexplainedQuotes } from '../../../src/run/evidence.ts';
import { addressOf, httpsWorld } from '../../support/worlds.ts';

const [M1, M2] = [memberName('m1'), memberName('m2')];
const BEGIN_MS = 1_000_000;
/** Long after any transient of the step. */
const LATE_MS = BEGIN_MS + 60_000;

function rejected(by: typeof M1, from: string, error: string, order: number): Sighting {
  const text = `2026-11-22 05:41:19.000000 I | embed: rejected connection from "${addressOf(from)}:5" (error "${error}", ServerName "")`;
  const line = parseLogLine(text);
  const finding = line === undefined ? undefined : classify(line);
  if (finding === undefined) throw new Error(`nothing knows ${text}`);
  return { member: by, finding, count: 1, readAtMs: LATE_MS + order, order };
}

function quotesOf(sightings: readonly Sighting[]): readonly string[] {
  const logs = {
    findingsSince: () => sightings,
    noise: () => [],
    unreadable: () => new Map(),
  } as unknown as EvidenceInput['logs'];
  const world = httpsWorld();
  return unexplainedQuotes({
    ...{ logs, before: world, after: world, touched: M2 },
    ...{ sinceMs: BEGIN_MS, nowMs: LATE_MS + 1000 },
  });
}

const expired = (second: number): string =>
  `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-22T10:34:${String(second)}Z is after 2026-11-22T09:33:16Z`;

describe('the quotes beside a failure', () => {
  it('are one for each kind and pair, the last one, however often it was said', () => {
    const lines = [10, 11, 12].map((second) => rejected(M1, 'm2', expired(second), second));
    expect(quotesOf(lines)).toEqual([
      expect.stringMatching(/^m1 logs ".*T10:34:12Z is after.*" of a dial from m2$/),
    ]);
  });

  it('tell two pairs apart', () => {
    const text = "tls: client didn't provide a certificate";
    const quotes = quotesOf([rejected(M1, 'm2', text, 1), rejected(M1, 'm3', text, 2)]);
    expect(quotes).toHaveLength(2);
    expect(quotes[1]).toMatch(/of a dial from m3$/);
  });
});
