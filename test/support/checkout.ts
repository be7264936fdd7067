/** Turns the checkout into the list of the files that are ours: no packages, builds or git. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/** What .gitignore names at the top level, without slashes: made here, never shipped. */
export const IGNORED: readonly string[] = [
  '.git',
  ...readFileSync(path.join(CHECKOUT, '.gitignore'), 'utf8')
    .split('\n')
    .map((line) => line.trim().replaceAll('/', ''))
    .filter((line) => line !== '' && !line.startsWith('#')),
];

/** Paths from the top of the checkout with forward slashes, below `folder` (all when left out). */
export function filesBelow(folder = '.'): readonly string[] {
  return readdirSync(path.join(CHECKOUT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.includes(entry.name)) return [];
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(name);
    return entry.isFile() ? [name] : [];
  });
}

/** The text of one file of the checkout. */
export function textOf(file: string): string {
  return readFileSync(path.join(CHECKOUT, file), 'utf8');
}
