/** Turns what a journal knows of dials, certificates and writes into the parts of its report. */

import { isoTime, parseIsoMs } from '../base/time.ts';
import type { Certificate } from '../model/certificate.ts';
import type { Effect, JournalEntry } from '../model/journal.ts';
import type { ReportCertificate, ReportDials, ReportWrites } from '../model/report.ts';
import type { Step } from '../model/step.ts';
import { type EntryOf, type Walked, ofType } from './report-walk.ts';

/** One before the first step of the run, one after each step, and one where a plan made anew saw it differently. */
export function dialsOf(
  walked: readonly Walked[],
  planned: readonly EntryOf<'planned'>[],
): readonly ReportDials[] {
  const all: ReportDials[] = [];
  let digest = '';
  for (const each of walked) {
    const known = planned.find((plan) => plan.digest === each.digest)?.dials ?? [];
    const cellsAt = (after: number) => known.findLast((dials) => dials.after <= after)?.cells;
    if (each.digest !== digest) {
      digest = each.digest;
      const cells = cellsAt(each.index);
      const differs = JSON.stringify(cells) !== JSON.stringify(all.at(-1)?.cells);
      if (cells !== undefined && differs) all.push({ when: `before ${stepName(each)}`, cells });
    }
    const cells = each.step.result === 'done' ? cellsAt(each.index + 1) : undefined;
    if (cells !== undefined) all.push({ when: `after ${stepName(each)}: ${each.step.say}`, cells });
  }
  return all;
}

function stepName({ step }: Walked): string {
  return `step ${step.direction === 'rollback' ? 'back ' : ''}${String(step.number)}`;
}

/** What each finished step put on a host; a file that was written again is listed as it was left. */
export function certificatesOf(
  walked: readonly Walked[],
  effects: readonly Effect[],
): readonly ReportCertificate[] {
  const found = new Map<string, ReportCertificate>();
  for (const { plain, step } of walked) {
    if (step.result !== 'done') continue;
    for (const [path, role, certificate] of certificatesIn(plain)) {
      const member = step.member ?? '';
      const key = `${member} ${path} ${certificate.fingerprint}`;
      found.set(key, {
        member,
        path,
        role,
        isGone: isGone(effects, member, path),
        ...facts(certificate),
      });
    }
  }
  return [...found.values()];
}

type Placed = readonly [path: string, role: 'ca' | 'leaf', certificate: Certificate];

function certificatesIn(step: Step): readonly Placed[] {
  if (step.kind === 'reissue-leaf') return [[step.path, 'leaf', step.leaf]];
  if (step.kind !== 'install-certificates') return [];
  return step.files.flatMap(({ path, content }): readonly Placed[] => {
    if (content.kind === 'leaf') return [[path, 'leaf', content.leaf]];
    if (content.kind !== 'pool') return [];
    return content.authorities.map((authority): Placed => [path, 'ca', authority]);
  });
}

function facts(
  certificate: Certificate,
): Omit<ReportCertificate, 'member' | 'path' | 'role' | 'isGone'> {
  const { subject, issuer, ipAddresses, dnsNames, keyKind, fingerprint } = certificate;
  return {
    subject,
    issuer,
    names: [...ipAddresses, ...dnsNames],
    notBefore: isoTime(certificate.notBeforeMs),
    notAfter: isoTime(certificate.notAfterMs),
    key: keyKind,
    fingerprint,
  };
}

function isGone(effects: readonly Effect[], member: string, path: string): boolean {
  const last = effects.findLast((effect) => {
    const isOfFile = effect.kind === 'file-installed' || effect.kind === 'file-removed';
    return isOfFile && effect.member === member && effect.path === path;
  });
  return last?.kind === 'file-removed';
}

/** All stretches of the run that were watched, as one. */
export function writesOf(entries: readonly JournalEntry[]): ReportWrites | undefined {
  const samples = ofType(entries, 'watched').flatMap((entry) => entry.samples);
  if (samples.length === 0) return undefined;
  const worst = samples.reduce((a, b) => (b.stillMs > a.stillMs ? b : a));
  const endMs = parseIsoMs(worst.at);
  const isKnown = endMs !== undefined && worst.stillMs > 0;
  const longestStillAt = isKnown ? isoTime(endMs - worst.stillMs) : undefined;
  return { samples, longestStillMs: worst.stillMs, longestStillAt };
}
