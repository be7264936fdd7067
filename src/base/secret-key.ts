/** Turns the name of a key into the answer whether its value may be shown to anybody. */

import { editDistance } from './spelling.ts';

const SECRET_WORDS = /pass|pwd|secret|token/i;

/** `password`, `passphrase`, words like them, and what a slip of the fingers makes of them. */
export function isSecretKey(key: string): boolean {
  if (SECRET_WORDS.test(key)) return true;
  const word = key.toLowerCase();
  return editDistance(word, 'password') <= 2 || editDistance(word, 'passphrase') <= 2;
}
