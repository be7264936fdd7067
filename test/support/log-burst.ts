/**
 * Turns a rate into a log file that another process writes at that rate, with a refused dial among every
 * thousand lines, and a watch into what it took to follow that.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { fileLog } from '../../src/adapters/command/logs.ts';
import { localHost } from '../../src/adapters/local/host.ts';
import { memberName } from '../../src/model/ids.ts';
import { makeLogWatch } from '../../src/run/log-watch.ts';

const BATCH_LINES = 1000;
/** Between two looks of a gate. */
const LOOK_EVERY_MS = 250;

/** Argv: path, lines a second, batches. Late batches are written at once, so that the rate is kept. */
const WRITER = `
const fs = require('node:fs');
const [path, rate, batches] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])];
const file = fs.openSync(path, 'a');
const begun = performance.now();
let batch = 0;
const line = (n) => n % ${String(BATCH_LINES)} === 7
  ? '{"level":"warn","ts":"2026-11-22T05:41:19.' + n + 'Z","caller":"embed/config_logging.go:279","msg":"rejected connection","remote-addr":"10.0.0.2:' + (30000 + n % 20000) + '","server-name":"","error":"tls: client didn\\'t provide a certificate"}\\n'
  : '{"level":"info","ts":"2026-11-22T05:41:19.' + n + 'Z","caller":"traceutil/trace.go:171","msg":"trace[' + n * 7919 + '] put","detail":"{req_size:' + n % 997 + '; response_revision:' + n + '; }","duration":"1' + n % 89 + 'ms"}\\n';
const write = () => {
  const due = Math.min(batches, Math.floor((performance.now() - begun) / 1000 * rate / ${String(BATCH_LINES)}));
  for (; batch < due; batch += 1) {
    let text = '';
    for (let at = 0; at < ${String(BATCH_LINES)}; at += 1) text += line(batch * ${String(BATCH_LINES)} + at);
    fs.writeSync(file, text);
  }
  if (batch < batches) setTimeout(write, 5);
  else process.stdout.write(String(Math.round(performance.now() - begun)));
};
write();
`;

export interface Burst {
  readonly linesPerSecond: number;
  readonly lines: number;
  /** Refused dials that were written, and those that were found. */
  readonly written: number;
  readonly found: number;
  /** How long the reader needed after the last line was written. */
  readonly behindMs: number;
  readonly readingMs: number;
  /** The most that this process took more than before. */
  readonly grownBytes: number;
}

export async function followBurst(path: string, rate: number, seconds: number): Promise<Burst> {
  const batches = Math.ceil((rate * seconds) / BATCH_LINES);
  const member = memberName('m1');
  const log = fileLog(localHost('here'), path);
  const watch = makeLogWatch({
    members: new Map([[member, { log }]]),
    clock: { nowMs: () => Date.now() },
  });
  await watch.collect();
  const before = process.memoryUsage.rss();
  const argv = ['-e', WRITER, path, String(rate), String(batches)];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  let endedAtMs: number | undefined;
  const ended = once(child, 'close').then(() => (endedAtMs = performance.now()));
  let [most, readingMs] = [before, 0];
  for (;;) {
    // What was there when the writer had ended is read by the look after that.
    const isLast = endedAtMs !== undefined;
    const begunAtMs = performance.now();
    await watch.collect();
    readingMs += performance.now() - begunAtMs;
    most = Math.max(most, process.memoryUsage.rss());
    const isBehind = watch.behind().length > 0;
    if (isLast && !isBehind) break;
    const pause = new Promise((resolve) => setTimeout(resolve, isBehind ? 0 : LOOK_EVERY_MS));
    await (isLast ? pause : Promise.race([pause, ended]));
  }
  const behindMs = performance.now() - (endedAtMs ?? 0);
  const found = watch.findingsSince(0).reduce((sum, { count }) => sum + count, 0);
  const lines = batches * BATCH_LINES;
  return {
    linesPerSecond: Math.round((lines * 1000) / Number(said)),
    lines,
    written: batches,
    found: found + watch.droppedCount(),
    behindMs,
    readingMs,
    grownBytes: most - before,
  };
}
