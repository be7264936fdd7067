/** Turns README.md into its parts: the blocks that are made, and the commands that a person would type. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { CHECKOUT, textOf } from './checkout.ts';

export const README = 'README.md';

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
