/** Turns the commit that is tested into a number, so that each one draws other samples, and the same ones again. */

import { execFileSync } from 'node:child_process';

import { CHECKOUT } from './checkout.ts';

/** A variable of that name in the environment comes before; where there is no repository always the same. */
export function commitSeed(variable: string): number {
  const given = process.env[variable];
  if (given !== undefined) return Number(given);
  try {
    const words = ['rev-parse', '--short=7', 'HEAD'];
    const text = execFileSync('git', words, { cwd: CHECKOUT, encoding: 'utf8', stdio: 'pipe' });
    return Number.parseInt(text.trim(), 16);
  } catch {
    return 1;
  }
}
