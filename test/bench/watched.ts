/** Turns an argv into what its process took: wall time, processor time, and the most memory it had. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Watched {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Resident at the most, as the kernel counts it. */
  readonly megabytes: number;
}

const LOOK_EVERY_MS = 20;

/** Throws when it does not exit with 0. */
export async function watched(argv: readonly string[]): Promise<Watched> {
  const [file = '', ...words] = argv;
  const startedAtMs = performance.now();
  const child = spawn(file, words, { stdio: 'ignore' });
  let [megabytes, cpuSeconds] = [0, 0];
  const looking = setInterval(() => {
    megabytes = Math.max(megabytes, peakOf(child));
    cpuSeconds = Math.max(cpuSeconds, cpuOf(child));
  }, LOOK_EVERY_MS);
  const [status] = (await once(child, 'close')) as [number | null];
  clearInterval(looking);
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${String(status)}`);
  return { seconds: (performance.now() - startedAtMs) / 1000, cpuSeconds, megabytes };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** In the kernel's ticks of 10 ms; of all its threads. */
function cpuOf({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ');
    return (Number(fields?.[11]) + Number(fields?.[12])) / 100;
  } catch {
    return 0;
  }
}

/** 0 once it is gone. */
function peakOf({ pid }: ChildProcess): number {
  try {
    const text = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/u.exec(text)?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}
