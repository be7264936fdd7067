/**
 * Turns the name of a soak into its record in test/soak/records: `npm run soak -- exhaustive`. What was
 * killed in the middle goes on with the next start, as long as the code that it covers is the same.
 * `--minutes N` begins no unit after that time; `--seed N` and `--unit NAME` tell one unit again, unrecorded.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CHECKOUT } from '../support/checkout.ts';
import { type Begun, append, readRecord, totalsOf, unfinished, writeRecord } from './record.ts';
import { SOAKS, type Soak } from './soaks.ts';

const TURN_MINUTES = '3';

const { name, soak, minutes, seed, unit } = words();
if (soak === undefined) {
  const list = Object.entries(SOAKS).map(([each, { shows }]) => `  ${each.padEnd(12)}  ${shows}\n`);
  const usage = 'npm run soak -- NAME [--minutes N | --seed N | --unit NAME], where NAME is one of';
  process.stderr.write(`usage: ${usage}\n${list.join('')}`);
  process.exitCode = 2;
} else if (seed !== undefined || unit !== undefined) {
  process.exitCode = (await replay(soak, seed, unit)) ? 0 : 1;
} else if (minutes === undefined) {
  process.exitCode = inTurns(name) ? 0 : 1;
} else {
  process.exitCode = (await run(name, soak, minutes)) ? 0 : 1;
}

function words(): {
  readonly name: string;
  readonly soak: Soak | undefined;
  readonly minutes: number | undefined;
  readonly seed: number | undefined;
  readonly unit: string | undefined;
} {
  const text = { type: 'string' } as const;
  const options = { minutes: text, seed: text, unit: text };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [first = ''] = positionals;
  return {
    name: first,
    soak: positionals.length === 1 ? SOAKS[first] : undefined,
    minutes: values.minutes === undefined ? undefined : Number(values.minutes),
    seed: values.seed === undefined ? undefined : Number(values.seed),
    unit: values.unit,
  };
}

/** What a soak counts by seeds has a unit for each; the others are found by their names. */
async function replay(
  { seed: own, units, unitOf }: Soak,
  given: number | undefined,
  wanted: string | undefined,
): Promise<boolean> {
  const found =
    given === undefined ? (await units(own)).find((each) => each.name === wanted) : unitOf?.(given);
  if (found === undefined) throw new Error(`there is no such unit: ${wanted ?? String(given)}`);
  const { counts, wrong } = await found.run();
  say([found.name, JSON.stringify(counts), ...wrong].join('\n'));
  return wrong.length === 0;
}

/**
 * One process after another: what a proof remembers of worlds stays as long as the process, and after thousands
 * of rollouts the collector of garbage takes most of its time.
 */
function inTurns(soakName: string): boolean {
  const file = recordOf(soakName);
  for (;;) {
    const before = readRecord(file).at(-1);
    const words = [...process.execArgv, ...process.argv.slice(1), '--minutes', TURN_MINUTES];
    const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
    const last = readRecord(file).at(-1);
    if (last?.kind === 'closed') return status === 0;
    if (JSON.stringify(last) === JSON.stringify(before)) return false;
  }
}

/** True when nothing was found wrong in any unit, of this start or of an earlier one. */
async function run(
  soakName: string,
  { covers, seed, units: unitsOf }: Soak,
  minutes: number,
): Promise<boolean> {
  const beganAt = performance.now();
  const file = recordOf(soakName);
  const units = await unitsOf(seed);
  const now: Begun = {
    kind: 'begun',
    soak: soakName,
    commit: git('rev-parse', 'HEAD'),
    code: codeOf(covers),
    uncommitted: git('status', '--porcelain', '--', ...covers)
      .split('\n')
      .filter(Boolean).length,
    seed,
    versions: { node: process.version },
    units: units.length,
    at: new Date().toISOString(),
  };
  const before = unfinished(readRecord(file), now);
  writeRecord(file, [...(before ?? []), before === undefined ? now : { ...now, kind: 'went on' }]);
  const done = new Set(before?.flatMap((line) => (line.kind === 'unit' ? [line.name] : [])));
  say(`${soakName}: ${String(units.length)} units, ${String(done.size)} of them done before`);
  for (const [index, unit] of units.entries()) {
    if (done.has(unit.name)) continue;
    if (performance.now() - beganAt > minutes * 60_000) {
      say(`${soakName}: stopped after ${String(minutes)} minutes; the next start goes on`);
      return readRecord(file).every((line) => line.kind !== 'unit' || line.wrong.length === 0);
    }
    const startedAt = performance.now();
    const { counts, wrong } = await unit.run();
    const seconds = Math.round((performance.now() - startedAt) / 10) / 100;
    append(file, { kind: 'unit', name: unit.name, counts, seconds, wrong });
    const end = wrong.length === 0 ? 'well' : `${String(wrong.length)} wrong: ${wrong[0] ?? ''}`;
    say(`${String(index + 1)}/${String(units.length)} ${unit.name}: ${end}, ${String(seconds)} s`);
  }
  const ended = readRecord(file).flatMap((line) => (line.kind === 'unit' ? [line] : []));
  const totals = totalsOf(ended.map(({ counts }) => counts));
  const seconds = Math.round(ended.reduce((sum, each) => sum + each.seconds, 0));
  const wrong = ended.reduce((sum, each) => sum + each.wrong.length, 0);
  append(file, { kind: 'closed', totals, seconds, wrong, at: new Date().toISOString() });
  say(
    `${soakName}: ${JSON.stringify(totals)}, ${String(wrong)} wrong, ${String(seconds)} s; see ${path.relative(CHECKOUT, file)}`,
  );
  return wrong === 0;
}

function recordOf(soakName: string): string {
  return path.join(CHECKOUT, 'test/soak/records', `${soakName}.jsonl`);
}

/** Of the files as they stand, committed or not: a record says what was run. */
function codeOf(covers: readonly string[]): string {
  const files = git('ls-files', '--cached', '--others', '--exclude-standard', '--', ...covers)
    .split('\n')
    .filter((file) => file.endsWith('.ts') && existsSync(path.join(CHECKOUT, file)));
  const hashes = git('hash-object', '--', ...files);
  return createHash('sha256')
    .update(`${files.join('\n')}\n${hashes}`)
    .digest('hex')
    .slice(0, 16);
}

function git(...words: readonly string[]): string {
  return execFileSync('git', words, { cwd: CHECKOUT, encoding: 'utf8' }).trim();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
