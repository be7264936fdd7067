/**
 * Turns a generated log of one GB, mostly harmless or nothing but faults, into the time and the memory that
 * `peershift explain` of the built command takes for it.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { CHECKOUT } from '../support/checkout.ts';
import { CORPUS_SCENARIOS, corpusLines } from '../support/corpus.ts';
import type { Bench, Figure } from './benches.ts';
import { watched } from './watched.ts';

const EXPLAIN = [process.execPath, path.join(CHECKOUT, 'dist/cli/main.js'), 'explain', '--json'];
const GB = 1e9;
const MOST_SECONDS = 15;
const MOST_MB = 200;
const CHUNK_BYTES = 1 << 20;
/** Of the mixed log one line in so many is a fault. */
const HARMLESS_TO_ONE = 50;
const SEED = 20_261_122;

export const explain: Bench = {
  measures: 'wall time and peak memory of `explain` on a log of one GB, text and JSON',
  run: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'peershift-bench-'));
    try {
      const figures: Figure[] = [];
      for (const version of ['3.4.23', '3.5.16']) {
        for (const kind of ['mixed', 'all faults'] as const) {
          const file = path.join(folder, 'etcd.log');
          await generate(file, linesOf(version, kind));
          const { seconds, cpuSeconds, megabytes } = await watched([...EXPLAIN, file]);
          const name = `${version}, ${kind}`;
          figures.push({ name, value: seconds, unit: 's', bound: MOST_SECONDS });
          figures.push({ name: `${name}, processor`, value: cpuSeconds, unit: 's' });
          figures.push({ name: `${name}, memory`, value: megabytes, unit: 'MB', bound: MOST_MB });
        }
      }
      return { figures };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The next line of a log that never ends. */
type Lines = () => string;

/** Recorded lines with other times, ports and durations, and of the mixed log mostly slow requests for ever other keys. */
function linesOf(version: string, kind: 'mixed' | 'all faults'): Lines {
  const random = randomOf(SEED);
  const recorded = CORPUS_SCENARIOS.flatMap((scenario) => {
    return corpusLines(version, scenario, 'm3');
  }).filter((line) => FAULTY.test(line));
  const isText = version.startsWith('3.4');
  let at = 0;
  return () => {
    at += 1;
    if (kind === 'mixed' && at % HARMLESS_TO_ONE !== 0) return harmless(isText, at, random);
    const line = recorded[Math.floor(random() * recorded.length)] ?? '';
    const time = timeOf(at);
    return line
      .replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+/u, `2026-11-22 ${time}`)
      .replace(/"ts":"[^"]*"/u, `"ts":"2026-11-22T${time}Z"`)
      .replace(/(127\.0\.0\.1):\d+/u, `$1:${String(20_000 + Math.floor(random() * 40_000))}`);
  };
}

const FAULTY =
  /rejected connection|failed to|could not connect|unhealthy|became inactive|lost the? ?TCP/u;

function harmless(isText: boolean, at: number, random: () => number): string {
  const [time, key] = [
    timeOf(at),
    `/registry/pods/${word(random)}/${word(random)}-${word(random)}`,
  ];
  const took = `${String(100 + Math.floor(random() * 900))}.${String(at % 1000)}ms`;
  if (isText) {
    return `2026-11-22 ${time} W | etcdserver: read-only range request "key:\\"${key}\\" " with result "range_response_count:1 size:${String(at % 9000)}" took too long (${took}) to execute`;
  }
  return `{"level":"warn","ts":"2026-11-22T${time}Z","caller":"etcdserver/util.go:170","msg":"apply request took too long","took":"${took}","expected-duration":"100ms","prefix":"read-only range ","request":"key:\\"${key}\\" ","response":"range_response_count:1 size:${String(at % 9000)}"}`;
}

function word(random: () => number): string {
  return Math.floor(random() * 36 ** 6).toString(36);
}

/** A line each millisecond, day after day in the same day. */
function timeOf(at: number): string {
  const iso = new Date((at % 86_400_000) + 0).toISOString();
  return `${iso.slice(11, 23)}${String(at % 1000).padStart(3, '0')}`;
}

/** Numerical Recipes' generator: the same log each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function generate(file: string, next: Lines): Promise<void> {
  const out = createWriteStream(file);
  for (let written = 0; written < GB;) {
    let chunk = '';
    while (chunk.length < CHUNK_BYTES) chunk += `${next()}\n`;
    written += chunk.length;
    if (!out.write(chunk)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}
