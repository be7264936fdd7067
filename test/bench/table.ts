/** Turns kept results into the tables that people read: one row a way, one line a promise. */

import type { Figure } from './benches.ts';
import type { BenchResult } from './result.ts';

interface Column {
  readonly head: string;
  readonly names: readonly string[];
  readonly show: (...values: readonly number[]) => string;
}

const whole = (value = 0): string => value.toFixed(0);

const COLUMNS: readonly Column[] = [
  { head: 'restarts', names: ['restarts'], show: whole },
  {
    head: 'seconds (evidence)',
    names: ['duration', 'of it evidence'],
    show: (took = 0, evidence = 0) => {
      return evidence === 0 ? took.toFixed(1) : `${took.toFixed(1)} (${evidence.toFixed(0)})`;
    },
  },
  { head: 'longest stall', names: ['longest stall'], show: (ms = 0) => `${whole(ms)} ms` },
  { head: 'p99 write', names: ['p99 write'], show: (ms = 0) => `${whole(ms)} ms` },
  { head: 'failed requests', names: ['failed requests'], show: whole },
  { head: 'lost writes', names: ['lost writes'], show: whole },
  { head: 'leader changes', names: ['leader changes'], show: whole },
  { head: 'failed keepalives', names: ['failed keepalives'], show: whole },
  { head: 'degraded', names: ['degraded'], show: (seconds = 0) => `${whole(seconds)} s` },
  { head: 'TLS error lines', names: ['TLS error lines'], show: whole },
  { head: 'on https', names: ['members on https'], show: (count = 0) => `${whole(count)}/3` },
];

/** Markdown. */
export function migrationTable({ figures }: BenchResult): string {
  const ways = [...new Set(figures.flatMap(({ of }) => (of === undefined ? [] : [of])))];
  const rows = ways.map((way) => {
    const cells = COLUMNS.map(({ names, show }) => {
      return show(...names.map((name) => valueOf(figures, name, way)));
    });
    return `| ${way.startsWith('floor') ? way : `\`${way}\``} | ${cells.join(' | ')} |`;
  });
  const heads = ['', ...COLUMNS.map(({ head }) => head)];
  return [`| ${heads.join(' | ')} |`, `|${' --- |'.repeat(heads.length)}`, ...rows].join('\n');
}

/** `AMD EPYC, 2 cores, Linux 6.1, Node v20.20.2, etcd 3.4.23`. */
export function machineText({ machine }: BenchResult): string {
  const { processor, cores, kernel, node, etcd } = machine;
  const here = `${processor.trim()}, ${String(cores)} cores, Linux ${kernel}, Node ${node}`;
  return etcd === undefined ? here : `${here}, etcd ${etcd}`;
}

export function roundsText({ rounds = 1 }: BenchResult): string {
  return rounds === 1 ? 'one round' : `the middle of ${String(rounds)} rounds`;
}

function valueOf(figures: readonly Figure[], name: string, of?: string): number {
  const found = figures.find((each) => each.name === name && each.of === of);
  if (found === undefined) throw new Error(`no figure ${of === undefined ? '' : `${of}: `}${name}`);
  return found.value;
}
