/** Turns counts and lists into the few words that all printers use for them. */

import type { ReportBackup } from '../model/report.ts';

/** `1 step`, `3 steps`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

/** `m1`, `m1 and m2`, `m1, m2 and m3`. */
export function andList(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** `4, 6-8`: numbers in order, neighbours joined. */
export function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs
    .map(([from, to]) => (from === to ? String(from) : `${String(from)}-${String(to)}`))
    .join(', ');
}

/** A duration in round numbers where it is round: `8 s`, `60 s`, `10 min`, `1.5 s`. */
/** `state/backup.db, 20,512 bytes, sha256 ab12; restored with etcdctl ...`. */
export function backupText({ path, sizeBytes, sha256, shown }: ReportBackup): string {
  const proof = shown === undefined ? '' : `; ${shown}`;
  return `${path}, ${counted(sizeBytes, 'byte')}, sha256 ${sha256}${proof}`;
}

export function limitText(ms: number): string {
  if (ms % 60_000 === 0 && ms > 60_000) return `${String(ms / 60_000)} min`;
  return ms % 1000 === 0 || ms >= 10_000
    ? `${String(Math.round(ms / 1000))} s`
    : `${String(ms / 1000)} s`;
}
