/**
 * Goal: an edit gives the wanted setting and changes no other byte, whatever people's files look like.
 * Method: each file of the corpus, hand-made or generated, and each setting by itself; then texts of fast-check.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { editEnvFile, readEnvFile } from '../../src/adapters/config/env-file.ts';
import { editExec } from '../../src/adapters/config/exec-flags.ts';
import { effectOf, serviceLines } from '../../src/adapters/config/unit-effect.ts';
import { editYamlFile, readYamlFile } from '../../src/adapters/config/yaml-file.ts';
import type { Result } from '../../src/base/result.ts';
import { OWNED_FLAGS, type SettingChange, type Settings } from '../../src/model/settings.ts';
import { type CorpusKind, corpusFiles } from '../support/config-corpus.ts';

const NEW: Settings = {
  'listen-peer-urls': 'https://10.9.8.7:2380',
  'initial-advertise-peer-urls': 'https://[fd99::7]:2380',
  'initial-cluster': 'm1=https://10.9.8.7:2380,m2=https://10.9.8.8:2380',
  'initial-cluster-state': 'changed',
  'peer-cert-file': '/new/peer.pem',
  'peer-key-file': '/new/peer-key.pem',
  'peer-trusted-ca-file': '/new/ca.pem',
  'peer-client-cert-auth': 'true',
};

interface Format {
  readonly read: (text: string) => { settings: Settings; problems: readonly string[] };
  readonly edit: (text: string, changes: readonly SettingChange[]) => Result<string, string>;
}

const FORMATS: Readonly<Record<CorpusKind, Format>> = {
  env: { read: readEnvFile, edit: editEnvFile },
  yaml: { read: readYamlFile, edit: editYamlFile },
  unit: { read: readUnit, edit: (text, changes) => editExec(text, changes) },
};

/** Of a unit the value of ExecStart= is what is edited: it goes into a drop-in of our own. */
function readUnit(exec: string): { settings: Settings; problems: readonly string[] } {
  const text = `[Service]\nEnvironment=WAL=/wal "MORE=--debug --max-wals 5"\nExecStart=${exec}\n`;
  return effect(text);
}

function effect(text: string): { settings: Settings; problems: readonly string[] } {
  const lines = serviceLines([{ path: '/u', text }]);
  return effectOf({ lines, unit: 'u.service', hostName: 'h', environmentTexts: new Map() });
}

/** What an edit is tried on, or nothing when the file is refused for a reason. */
function editable(kind: CorpusKind, text: string): string | undefined {
  if (kind !== 'unit') return FORMATS[kind].read(text).problems.length === 0 ? text : undefined;
  const { execs } = serviceLines([{ path: '/u', text }]);
  const exec = execs.length === 1 ? execs[0]?.value : undefined;
  return exec === undefined || readUnit(exec).problems.length > 0 ? undefined : exec;
}

/** The one stretch that differs. */
function difference(before: string, after: string): { gone: string; come: string; at: number } {
  let head = 0;
  const shorter = Math.min(before.length, after.length);
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const gone = before.slice(head, before.length - tail);
  return { gone, come: after.slice(head, after.length - tail), at: head };
}

function expectOneEdit(
  kind: CorpusKind,
  text: string,
  flag: string,
  to: string | undefined,
): string {
  const { read, edit } = FORMATS[kind];
  const { settings } = read(text);
  const result = edit(text, [{ flag, from: settings[flag], to }]);
  if (!result.ok) throw new Error(`${flag}: ${result.error}\n${text}`);
  const after = read(result.value);
  const wanted: Record<string, string> = { ...settings };
  if (to === undefined) Reflect.deleteProperty(wanted, flag);
  else wanted[flag] = to;
  expect(after.settings).toEqual(wanted);
  expect(after.problems).toEqual([]);
  if (to === settings[flag]) expect(result.value).toBe(text);
  if (to === undefined) expectOnlyGone(text, result.value);
  else expectOnePlace(text, result.value, settings, flag);
  return result.value;
}

/** Nothing of somebody's own is in what was replaced: no comment, no other setting. */
function expectOnePlace(text: string, edited: string, settings: Settings, flag: string): void {
  const { gone, come } = difference(text, edited);
  expect(gone.replaceAll('\\\n', '')).not.toMatch(/#|\n[^\n]*\n/);
  expect(come).not.toMatch(/#/);
  const own = settings[flag] ?? '';
  for (const value of Object.values(settings)) {
    if (value.length > 9 && !own.includes(value)) expect(gone).not.toContain(value);
  }
}

/** What is taken out leaves every other character in its order, and all lines of comments. */
function expectOnlyGone(text: string, edited: string): void {
  let at = 0;
  for (const character of edited) {
    at = text.indexOf(character, at) + 1;
    if (at === 0) throw new Error(`not a part of the text before: ${edited}`);
  }
  const comments = (each: string): readonly string[] =>
    each.split('\n').filter((line) => /^[ \t]*[#;]/.test(line));
  expect(comments(edited)).toEqual(comments(text));
}

/** Of generated files each has a few settings tried by itself, so that all of them are tried often. */
const FEW = 3;

function flagsFor(name: string): readonly string[] {
  const number = /^generated-(\d+)/.exec(name)?.[1];
  if (number === undefined) return OWNED_FLAGS;
  return OWNED_FLAGS.filter((_flag, index) => (index + Number(number)) % OWNED_FLAGS.length < FEW);
}

describe.each(['env', 'yaml', 'unit'] as const)('every %s file of the corpus', (kind) => {
  const files = corpusFiles(kind);
  const taken = files.flatMap(({ name, text }) => {
    const own = editable(kind, text);
    return own === undefined ? [] : [{ name, text: own }];
  });

  it('is one of at least a hundred, most of which can be edited', () => {
    expect(files.length).toBeGreaterThanOrEqual(120);
    expect(taken.length).toBeGreaterThan(files.length * 0.75);
  });

  it.each(taken.map(({ name, text }) => [name, text] as const))(
    '%s: one setting, and no other byte',
    (name, text) => {
      for (const flag of flagsFor(name)) {
        const edited = expectOneEdit(kind, text, flag, NEW[flag]);
        expectOneEdit(kind, edited, flag, NEW[flag]);
        expectOneEdit(kind, edited, flag, undefined);
        expectOneEdit(kind, text, flag, undefined);
      }
    },
  );

  it('takes all settings at once, and the old ones again', () => {
    for (const { name, text } of taken) {
      const { read, edit } = FORMATS[kind];
      const before = read(text).settings;
      const forth = OWNED_FLAGS.map((flag) => ({ flag, from: before[flag], to: NEW[flag] }));
      const there = edit(text, forth);
      if (!there.ok) throw new Error(`${name}: ${there.error}`);
      const back = forth.map(({ flag, from, to }) => ({ flag, from: to, to: from }));
      const again = edit(there.value, back);
      if (!again.ok) throw new Error(`${name}: ${again.error}`);
      expect(read(again.value).settings, name).toEqual(before);
    }
  });

  it('is refused without an edit when it has a problem', () => {
    if (kind === 'unit') return;
    const { read, edit } = FORMATS[kind];
    const refused = files.filter(({ text }) => read(text).problems.length > 0);
    expect(refused.length).toBeGreaterThan(2);
    for (const { text } of refused) {
      expect(edit(text, [{ flag: 'name', from: undefined, to: 'x' }]).ok).toBe(false);
    }
  });
});

describe('any text at all', () => {
  const piece = fc.constantFrom(
    ...[
      'listen-peer-urls',
      'peer-transport-security',
      'cert-file',
      'name',
      ':',
      ' ',
      '\n',
      '  ',
      '"',
      "'",
    ],
    ...[
      '{',
      '}',
      ',',
      '#',
      'x',
      '\r\n',
      '&a',
      '*a',
      '- ',
      '? ',
      '|\n',
      '\t',
      '---\n',
      '=',
      '\\',
      '$',
      'ETCD_NAME',
    ],
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

  it.each(['env', 'yaml', 'unit'] as const)(
    'is read, edited right or refused as %s, and throws nothing',
    (kind) => {
      const { read, edit } = FORMATS[kind];
      fc.assert(
        fc.property(text, fc.constantFrom(...OWNED_FLAGS), (content, flag) => {
          const before = read(content);
          const result = edit(content, [{ flag, from: before.settings[flag], to: NEW[flag] }]);
          if (!result.ok || before.problems.length > 0) return;
          expect(read(result.value).settings).toEqual({ ...before.settings, [flag]: NEW[flag] });
        }),
        { seed: 4, numRuns: 500 },
      );
    },
  );
});
