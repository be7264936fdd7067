/** Turns a printed text into a comparison with the file that holds what it should be. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { CHECKOUT } from './checkout.ts';

/** A longer golden is one that nobody reads. */
const MOST_LINES = 150;

/** Compares with fixtures/golden/<name>; UPDATE_GOLDEN=1 writes the file anew instead. */
export function expectGolden(name: string, text: string): void {
  const file = path.join(CHECKOUT, 'fixtures', 'golden', name);
  const whole = `${text}\n`;
  expect(whole.split('\n').length, `lines of ${name}`).toBeLessThan(MOST_LINES);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, whole);
  }
  expect(whole).toBe(readFileSync(file, 'utf8'));
}

/** The same, where white space says nothing: text that is wrapped depends on how long names of the moment are. */
export function expectGoldenWords(name: string, text: string): void {
  const file = path.join(CHECKOUT, 'fixtures', 'golden', name);
  expect(text.split('\n').length, `lines of ${name}`).toBeLessThan(MOST_LINES);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  expect(words(text)).toEqual(words(readFileSync(file, 'utf8')));
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/u);
