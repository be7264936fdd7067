/**
 * Turns the name of a soak into its record in test/soak/records: `npm run soak -- exhaustive`. What was
 * killed in the middle goes on with the next start, as long as the code that it covers is the same.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CHECKOUT } from '../support/checkout.ts';
import { type Begun, append, readRecord, totalsOf, unfinished, writeRecord } from './record.ts';
import { SOAKS, type Soak } from './soaks.ts';

const [name = '', ...more] = process.argv.slice(2);
const soak = SOAKS[name];
if (soak === undefined || more.length > 0) {
  const list = Object.entries(SOAKS).map(([each, { shows }]) => `  ${each.padEnd(12)}  ${shows}\n`);
  process.stderr.write(`usage: npm run soak -- NAME, where NAME is one of\n${list.join('')}`);
  process.exitCode = 2;
} else {
  process.exitCode = (await run(name, soak)) ? 0 : 1;
}

/** True when nothing was found wrong in any unit, of this start or of an earlier one. */
async function run(soakName: string, { covers, seed, units: unitsOf }: Soak): Promise<boolean> {
  const file = path.join(CHECKOUT, 'test/soak/records', `${soakName}.jsonl`);
  const units = unitsOf(seed);
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
