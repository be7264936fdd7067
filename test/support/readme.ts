/** Turns README.md into its parts: the blocks that are made, and the commands that a person would type. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { CHECKOUT, textOf } from './checkout.ts';

export const README = 'README.md';

const WORD_FOR_WORD = 'test/e2e/readme.test.ts';
const MACHINES = 'test/e2e/machines.test.ts';

/** What a person would type, the test that runs it, and the words by which that test does. */
export const RUN_BY: Readonly<Record<string, readonly [file: string, words: string]>> = {
  'npm run demo': ['test/e2e/demo.test.ts', "['lab', 'demo', "],
  'npm test': ['.ci/run', 'npm test >'],
  'peershift lab up': [WORD_FOR_WORD, 'wordForWord()'],
  'peershift preview peershift-lab/plan.yaml': [WORD_FOR_WORD, 'wordForWord()'],
  'peershift run peershift-lab/plan.yaml': [WORD_FOR_WORD, 'wordForWord()'],
  'peershift verify peershift-lab/plan.yaml': [WORD_FOR_WORD, 'wordForWord()'],
  'peershift lab down --purge': [WORD_FOR_WORD, 'wordForWord()'],
  'peershift init --endpoint http://10.0.0.1:2379 --ssh root@{host}': [
    'test/support/box-rig.ts',
    "'--ssh', 'root@{host}'",
  ],
  'peershift check peershift.yaml --rehearse': [MACHINES, "rig.run('check', '--rehearse')"],
  'peershift run peershift.yaml': [MACHINES, "rig.run('run', '--yes')"],
};

/** The commands that a test types as they stand, in their order. */
export function wordForWord(): readonly string[] {
  return promptLines().filter((line) => RUN_BY[line]?.[0] === WORD_FOR_WORD);
}

/** Compares the block of that name with what is made now; UPDATE_GOLDEN=1 writes it anew instead. */
export function expectBlock(name: string, made: string): void {
  const [open, close] = [`<!-- made: ${name} -->\n`, `<!-- end: ${name} -->`];
  const text = textOf(README);
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  expect(from, `the marker ${open.trim()} in ${README}`).toBeGreaterThan(-1);
  expect(to, `the marker ${close} in ${README}`).toBeGreaterThan(from);
  const whole = `${text.slice(0, from)}${open}${made}\n${text.slice(to)}`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path.join(CHECKOUT, README), whole);
  expect(whole).toBe(textOf(README));
}

/** What a person would type: the lines of the console blocks that begin with a prompt. */
export function promptLines(): readonly string[] {
  const blocks = textOf(README).matchAll(/^```console\n(.*?)^```$/gmsu);
  const lines = [...blocks].flatMap(([, body]) => (body ?? '').split('\n'));
  return lines.flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
}
