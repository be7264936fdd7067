/** Turns a process into one that stands still, once it does: SIGSTOP takes its time on a busy machine. */

import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_MS = 10_000;
const LOOK_MS = 5;

/** Returns when every thread is stopped; until then the others go on working, and may answer. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const deadlineMs = performance.now() + STOP_MS;
  while (!(await isStopped(pid))) {
    if (performance.now() > deadlineMs) throw new Error(`process ${String(pid)} does not stop`);
    await delay(LOOK_MS);
  }
}

export function thaw(pid: number): void {
  process.kill(pid, 'SIGCONT');
}

async function isStopped(pid: number): Promise<boolean> {
  const tasks = `/proc/${String(pid)}/task`;
  const threads = await readdir(tasks);
  const states = await Promise.all(threads.map((each) => stateOf(`${tasks}/${each}/stat`)));
  return states.every((state) => state === 'T');
}

/** The letter behind the name, which may hold anything but ends with the last bracket. */
async function stateOf(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2)[0];
}
