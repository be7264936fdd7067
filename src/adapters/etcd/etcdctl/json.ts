/** Turns the JSON of etcdctl into values whose numbers keep all their digits, and reads fields of them. */

import { type Result, err, ok } from '../../../base/result.ts';

/** A string, which is left alone, or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Numbers become strings of their digits: member, cluster and lease IDs are beyond what a double holds. */
export function parseWithDigits(text: string): Result<unknown, string> {
  const quoted = text.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`));
  try {
    return ok(JSON.parse(quoted) as unknown);
  } catch {
    return err('it is not JSON');
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** An answer that lacks what it must have. */
export class NotUnderstood extends Error {}

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NotUnderstood(`${what} is missing`);
  }
  return value as Fields;
}

/** Go leaves empty lists out. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new NotUnderstood('something that is no list stands for one');
  return value;
}

/** The digits of a field; 0 where Go left it out, unless it must be there. */
export function digits(fields: Fields, name: string, isNeeded = false): string {
  const value = fields[name];
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return value;
  if (value === undefined && !isNeeded) return '0';
  throw new NotUnderstood(`"${name}" is not a number`);
}

/** Empty where Go left it out. */
export function text(fields: Fields, name: string): string {
  const value = fields[name] ?? '';
  if (typeof value === 'string') return value;
  throw new NotUnderstood(`"${name}" is not a text`);
}

export function texts(fields: Fields, name: string): readonly string[] {
  return listOf(fields[name]).map((value) => {
    if (typeof value === 'string') return value;
    throw new NotUnderstood(`"${name}" has something else than texts`);
  });
}
