/**
 * Goal: whatever an env file looks like, an edit sets what it should and no other byte moves, and the
 * result means the same to sh. Method: files made of pieces whose own text is known; a failing run
 * prints its seed and path, which fast-check takes back as `seed` and `path`.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { editEnvFile, readEnvFile } from '../../src/adapters/config/env-file.ts';
import { environmentName } from '../../src/model/settings.ts';

const FLAG = 'listen-peer-urls';
const NAME = environmentName(FLAG);
const RUNS = 500;
const SHELL_RUNS = 60;

/** One or more whole lines, without their last newline. */
interface Piece {
  readonly kind: 'comment' | 'blank' | 'foreign' | 'etcd' | 'target';
  readonly text: string;
}

const words = fc.stringMatching(/^[A-Za-z0-9_./:,@%+-]{0,20}$/);
const unicode = fc.constantFrom('', 'grüße', '日本', '🙂', 'é à');
const inQuotes = fc.tuple(words, unicode, words).map((parts) => parts.join(' '));

/** Every way to write a value that sh and systemd read alike. */
const written = fc.oneof(
  words,
  inQuotes.map((value) => `"${value}"`),
  inQuotes.map((value) => `'${value}'`),
  fc.tuple(words, words).map(([a, b]) => `${a}\\\n${b}`),
  fc.tuple(inQuotes, inQuotes).map(([a, b]) => `"${a}\\\n${b}"`),
  inQuotes.map((value) => `"\\"${value}\\\\\\$"`),
);

const assignment = (kind: Piece['kind'], name: fc.Arbitrary<string>): fc.Arbitrary<Piece> =>
  fc
    .tuple(fc.constantFrom('', '', 'export ', '  '), name, written)
    .map(([prefix, left, value]) => ({ kind, text: `${prefix}${left}=${value}` }));

const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc
    .tuple(fc.constantFrom('# ', ';', `#${NAME}=`, '  # '), inQuotes)
    .map(([start, text]) => ({ kind: 'comment' as const, text: start + text })),
  fc.constantFrom('', '  ', '\t').map((text) => ({ kind: 'blank' as const, text })),
  assignment('foreign', fc.constantFrom('PATH_X', 'GOMAXPROCS', 'ETCDCTL_API', '_A1')),
  assignment('etcd', fc.constantFrom('ETCD_NAME', 'ETCD_DATA_DIR', 'ETCD_PEER_CERT_FILE')),
  assignment('target', fc.constant(NAME)),
);

/** Continued lines break in a file with CR LF, for systemd as for sh, so such files have none. */
const file = fc
  .record({
    pieces: fc.array(piece, { maxLength: 12 }),
    isCrLf: fc.boolean(),
    endsWithNewline: fc.boolean(),
  })
  .map(({ pieces, isCrLf, endsWithNewline }) => {
    const hasContinuation = pieces.some(({ text }) => text.includes('\\\n'));
    const eol = isCrLf && !hasContinuation ? '\r\n' : '\n';
    const chunks = pieces.map(({ kind, text }, index) => ({
      kind,
      text: text + (endsWithNewline || index < pieces.length - 1 ? eol : ''),
    }));
    return { chunks, eol, text: chunks.map(({ text }) => text).join('') };
  });

const newValue = fc.oneof(
  words,
  fc
    .tuple(words, unicode, fc.constantFrom('', '"', '\\', '$x', '`y`', "'", '# z'))
    .map((parts) => parts.join('')),
);

const textOf = (chunks: readonly Piece[]): string => chunks.map(({ text }) => text).join('');

function edit(text: string, to: string | undefined): string {
  const result = editEnvFile(text, [{ flag: FLAG, from: undefined, to }]);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('an edit of any env file', () => {
  it('sets the wanted value, leaves the other settings, and can be edited again', () => {
    fc.assert(
      fc.property(file, newValue, ({ text }, to) => {
        const before = readEnvFile(text);
        const after = readEnvFile(edit(text, to));
        expect(before.problems).toEqual([]);
        expect(after.problems).toEqual([]);
        expect(after.settings).toEqual({ ...before.settings, [FLAG]: to });
        expect(edit(edit(text, to), to)).toBe(edit(text, to));
      }),
      { numRuns: RUNS },
    );
  });

  it('touches no byte outside the assignment that it changes or adds', () => {
    fc.assert(
      fc.property(file, newValue, ({ chunks, text }, to) => {
        const after = edit(text, to);
        const target = chunks.findLastIndex(({ kind }) => kind === 'target');
        const isAdded = target < 0;
        const last = chunks.findLastIndex(({ kind }) => kind === 'etcd' || kind === 'target');
        const split = isAdded ? (last < 0 ? chunks.length : last + 1) : target;
        const before = textOf(chunks.slice(0, split));
        const behind = textOf(chunks.slice(isAdded ? split : split + 1));
        expect(after.startsWith(before)).toBe(true);
        expect(after.endsWith(behind)).toBe(true);
        const middle = after.slice(before.length, after.length - behind.length);
        const isOneLine = middle.trim().split('\n').length === 1 && middle.includes(`${NAME}=`);
        const isUntouched = middle === chunks[target]?.text;
        expect(isOneLine || isUntouched).toBe(true);
        if (isAdded) expect(after.endsWith('\n') || behind !== '').toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it('takes out a setting with all its lines and nothing else', () => {
    fc.assert(
      fc.property(file, ({ chunks, text }) => {
        expect(edit(text, undefined)).toBe(textOf(chunks.filter(({ kind }) => kind !== 'target')));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('an edited file that sh reads', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'peershift-test-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** The settings that a process gets whose start script sources the file. */
  function sourced(text: string): Record<string, string> {
    const path = join(folder, 'etcd');
    writeFileSync(path, text);
    const argv = ['-c', 'set -a; . "$1"; exec env -0', 'sh', path];
    const output = execFileSync('sh', argv, { env: { PATH: process.env.PATH }, encoding: 'utf8' });
    const pairs = output.split('\0').filter((pair) => pair.startsWith('ETCD_'));
    return Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
  }

  it('gives it the settings that we read', () => {
    fc.assert(
      fc.property(file, newValue, ({ chunks, eol }, to) => {
        const plain = chunks.filter(({ text }) => !text.trimStart().startsWith(';'));
        fc.pre(eol === '\n');
        const after = edit(textOf(plain), to);
        const settings = Object.entries(readEnvFile(after).settings);
        const expected = settings.map(([flag, value]) => [environmentName(flag), value]);
        expect(sourced(after)).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: SHELL_RUNS },
    );
  });
});
