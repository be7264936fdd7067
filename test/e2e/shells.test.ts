/** Goal: shells complete our words, and man shows the page. Method: the real bash, zsh, fish and groff read what is made for them. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { commandLine } from '../../src/cli/command-line.ts';
import { type CompletionKind, completionText } from '../../src/cli/commands/completion.ts';
import { CHECKOUT } from '../support/checkout.ts';
import { program } from '../support/programs.ts';

const top = commandLine(() => undefined);
const ANSWERS = path.join(CHECKOUT, 'test/support/zsh-answers.zsh');
let folder = '';

async function fileFor(kind: CompletionKind): Promise<string> {
  const file = path.join(folder, `peershift.${kind}`);
  await writeFile(file, `${completionText(top, kind)}\n`);
  return file;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'peershift-shells-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const ASKED: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ['peershift pre', ['preview']],
  ['peershift lab d', ['demo', 'down']],
  ['peershift run --watch', ['--watch-writes']],
  ['peershift lab up --mem', ['--members']],
  ['peershift preview --graph ', ['mermaid', 'svg']],
  ['peershift completion f', ['fish']],
];

describe('completion', () => {
  it.each(ASKED)('in bash of %s', async (line, expected) => {
    const file = await fileFor('bash');
    const words = line.split(' ').map((word) => `'${word}'`);
    const script = [
      `source ${file}`,
      `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${String(words.length - 1)}`,
      '_peershift; printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const said = await program(['bash', '--norc', '-c', script]);
    expect(said.trim().split('\n').sort()).toEqual(expected);
  });

  it.each(ASKED)('in fish of %s', async (line, expected) => {
    const file = await fileFor('fish');
    const script = `source ${file}; complete -C '${line}'`;
    const said = await program(['fish', '--no-config', '-c', script]);
    const names = said
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0] ?? '');
    expect(names.sort()).toEqual(expected);
  });

  it.each(ASKED)('in zsh of %s', async (line, expected) => {
    const file = await fileFor('zsh');
    const said = await program(['zsh', '-f', ANSWERS, file, folder, line]);
    const names = [...said.matchAll(/ANSWER:(\S+)/gu)].map((match) => match[1] ?? '');
    expect(names.sort()).toEqual(expected);
  });
});

describe('the manual page', () => {
  it('is taken by groff without a warning, and has commands, flags and failures', async () => {
    const file = await fileFor('man');
    const shown = await program(['groff', '-man', '-Tascii', '-ww', '-P-c', file]);
    const text = shown.replaceAll(/.\u0008/gu, '');
    for (const word of ['NAME', 'preview <plan>', '--watch-writes', 'GATE_FAILED', 'EXIT STATUS'])
      expect(text).toContain(word);
  });
});
