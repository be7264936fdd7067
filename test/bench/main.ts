/**
 * Turns the names of benchmarks, or all, into a table and one JSON file each in test/bench/results, and a
 * picture where there is one. Figures are for people: they depend on the machine, and no test waits for them.
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

import { CHECKOUT } from '../support/checkout.ts';
import { BENCHES, type Figure } from './benches.ts';
import { keepResult, machine, resultFile } from './result.ts';

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
  const at = new Date().toISOString();
  const { figures, etcd, rounds } = await bench.run();
  process.stdout.write(`${name}: ${bench.measures}\n${figures.map(rowOf).join('')}`);
  const command = `npm run bench -- ${name}`;
  keepResult({
    bench: name,
    at,
    command,
    commit: commit(),
    machine: machine(etcd),
    ...(rounds === undefined ? {} : { rounds }),
    figures,
  });
  if (bench.plot !== undefined) writeFileSync(resultFile(`${name}.svg`), bench.plot(figures));
}

function commit(): string {
  const argv = ['describe', '--always', '--dirty', '--abbrev=12'];
  return execFileSync('git', argv, { cwd: CHECKOUT, encoding: 'utf8' }).trim();
}

function rowOf({ of, name, value, unit, bound }: Figure): string {
  const limit = bound === undefined ? '' : `  (promised: at most ${shortOf(bound)} ${unit})`;
  const whole = of === undefined ? name : `${of}: ${name}`;
  return `  ${whole.padEnd(60)}${shortOf(value).padStart(8)} ${unit}${limit}\n`;
}

function shortOf(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
