/** Turns how a run ended, and the parts of it, into the words that its page uses for them. */

import type { Verdict } from '../model/gate.ts';
import type { Report, ReportStep } from '../model/report.ts';

const OUTCOMES: Readonly<Record<Report['outcome'], string>> = {
  done: 'The cluster is what the plan file asks for.',
  'rolled-back': 'The run has gone back: the cluster is as it was when it started.',
  refused: 'The run stopped before its first change.',
  'needs-person': 'The run stopped where a person has to act.',
  paused: 'The run is paused at a safe point; peershift resume goes on.',
  interrupted: 'The run was interrupted at a safe point; peershift resume goes on.',
  unfinished: 'The run has not ended, or was cut off; peershift status tells which.',
};

export function outcomeWords({ outcome, direction }: Report): string {
  const isRescued = direction === 'rescue' && outcome === 'done';
  return isRescued ? 'The cluster takes writes again.' : OUTCOMES[outcome];
}

const RESULTS: Readonly<Record<ReportStep['result'], string>> = {
  done: 'done',
  failed: 'failed',
  maybe: 'begun, end unknown',
};

export function resultWords({ result }: ReportStep): string {
  return RESULTS[result];
}

/** `12`, `back 3`. */
export function numberWords({ direction, number }: ReportStep): string {
  return `${direction === 'rollback' ? 'back ' : ''}${String(number)}`;
}

const VERDICTS: Readonly<Record<Verdict['kind'], string>> = {
  pass: 'passed',
  hold: 'held',
  fail: 'failed',
};

export function verdictWord({ kind }: Verdict): string {
  return VERDICTS[kind];
}

/** Evidence, what it waits for, or why it failed. */
export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'pass':
      return verdict.evidence;
    case 'hold':
      return `waits for ${verdict.waitsFor}`;
    case 'fail':
      return verdict.because;
  }
}
