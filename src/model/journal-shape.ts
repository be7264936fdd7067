/** Turns what stands in a line of a journal into an entry, or into what of it is not what an entry has. */

import { type Result, err, ok } from '../base/result.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalEntry } from './journal.ts';

type Kind = 'text' | 'number' | 'object' | 'objects';

/** What the fold reads of each entry; the rest is for people. */
const FIELDS: Readonly<Record<JournalBody['type'], Readonly<Record<string, Kind>>>> = {
  opened: { planName: 'text', planFile: 'text', clusterId: 'text', start: 'objects' },
  resumed: { direction: 'text' },
  locked: { key: 'text', leaseId: 'text', createRevision: 'text' },
  planned: { direction: 'text', steps: 'objects' },
  intended: { step: 'text', index: 'number' },
  done: { step: 'text', effects: 'objects' },
  failed: { step: 'text', failure: 'object' },
  gate: { step: 'text', verdict: 'object', tookMs: 'number' },
  noted: { what: 'text' },
  watched: { samples: 'objects' },
  canary: { told: 'object' },
  unlocked: {},
  closed: { outcome: 'text' },
};

const HEAD: Readonly<Record<string, Kind>> = {
  v: 'number',
  run: 'text',
  seq: 'number',
  at: 'text',
};

/** The reason in words: a disk that lost part of a line, or a file that is no journal. */
export function entryOf(value: unknown): Result<JournalEntry, string> {
  if (!isObject(value)) return err('a line holds no entry');
  const at = `entry ${textOf(value.seq)} (${textOf(value.type)})`;
  // First: what another version means by a field, or has instead of it, is not for this one to judge.
  if (typeof value.v === 'number' && value.v !== JOURNAL_VERSION) {
    const versions = `format version ${String(value.v)}, this program reads ${String(JOURNAL_VERSION)}`;
    return err(`${at} has ${versions}`);
  }
  const fields = isType(value.type) ? FIELDS[value.type] : undefined;
  if (fields === undefined) return err(`${at} is of no kind that a journal has`);
  for (const [name, kind] of Object.entries({ ...HEAD, ...fields })) {
    if (!isOf(kind, value[name])) return err(`${at} has no usable ${name}`);
  }
  if (value.effects !== undefined && !isOf('objects', value.effects)) {
    return err(`${at} has no usable effects`);
  }
  return ok(value as unknown as JournalEntry);
}

function isType(value: unknown): value is JournalBody['type'] {
  return typeof value === 'string' && Object.hasOwn(FIELDS, value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOf(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'object':
      return isObject(value);
    case 'objects':
      return Array.isArray(value) && value.every(isObject);
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}
