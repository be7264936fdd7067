/** Turns words into the built command, run in a terminal of its own (script, util-linux), with keys pressed at it. */

import { spawn } from 'node:child_process';
import path from 'node:path';

import { CHECKOUT } from './checkout.ts';

/** Another build can be tried without touching the checkout's own. */
const MAIN = process.env['PEERSHIFT_MAIN'] ?? path.join(CHECKOUT, 'dist/cli/main.js');
const DEADLINE_MS = 120_000;
const SIZE = 'stty cols 100 rows 40';

export interface Press {
  /** Once, when the screen has shown this since the last key. */
  readonly when: RegExp;
  readonly key: string;
}

export interface TerminalEnd {
  readonly exit: number | undefined;
  /** All that was written, with what moves the cursor taken out. */
  readonly shown: string;
}

export async function inTerminal(
  words: readonly string[],
  keys: readonly Press[],
): Promise<TerminalEnd> {
  const quoted = [process.execPath, MAIN, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', `${SIZE}; ${quoted}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm' },
  });
  const overdue = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const left = [...keys];
  let [shown, seenTo] = ['', 0];
  child.stdout.on('data', (bytes: Buffer) => {
    shown += plain(bytes.toString('utf8'));
    const [next] = left;
    if (next?.when.test(shown.slice(seenTo)) !== true) return;
    seenTo = shown.length;
    left.shift();
    child.stdin.write(next.key);
  });
  const exit = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? undefined);
    });
  });
  clearTimeout(overdue);
  return { exit, shown };
}

function plain(text: string): string {
  return text.replaceAll(/\u001b\[[?0-9;]*[A-Za-z]/gu, '').replaceAll('\r', '');
}
