/**
 * Turns the names of benchmarks, or all, into a table and one JSON file each in test/bench/results. Figures
 * are for people: they depend on the machine, and no test waits for them.
 */

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { CHECKOUT } from '../support/checkout.ts';
import { BENCHES, type Figure } from './benches.ts';

const asked = process.argv.slice(2);
const strangers = asked.filter((name) => !(name in BENCHES));
if (strangers.length > 0) {
  const list = Object.entries(BENCHES).map(([name, each]) => `  ${name}  ${each.measures}\n`);
  process.stderr.write(`usage: npm run bench -- [NAME...], with names of\n${list.join('')}`);
  process.exitCode = 2;
} else {
  for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) await run(name);
}

async function run(name: string): Promise<void> {
  const bench = BENCHES[name];
  if (bench === undefined) return;
  const figures = await bench.run();
  process.stdout.write(`${name}: ${bench.measures}\n${figures.map(rowOf).join('')}`);
  const machine = `${String(cpus().length)} x ${cpus()[0]?.model ?? 'unknown processor'}`;
  const result = { bench: name, at: new Date().toISOString(), node: process.version, machine };
  const file = path.join(CHECKOUT, 'test/bench/results', `${name}.json`);
  writeFileSync(file, `${JSON.stringify({ ...result, figures }, null, 2)}\n`);
}

function rowOf({ name, value, unit, bound }: Figure): string {
  const limit = bound === undefined ? '' : `  (promised: at most ${String(bound)} ${unit})`;
  const text = value < 10 ? value.toFixed(2) : value.toFixed(0);
  return `  ${name.padEnd(44)}${text.padStart(8)} ${unit}${limit}\n`;
}
