/**
 * Goal: what is made from the code is what the code says today. Method: the catalogue of failures, the manual page
 * and all help are made anew and compared; every example is parsed by the real command line.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';

import { commandLine } from '../../src/cli/command-line.ts';
import { completionText } from '../../src/cli/commands/completion.ts';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { wordsOf } from '../../src/cli/words.ts';
import { type FailureCode, FAILURES } from '../../src/model/failure.ts';
import { exampleOf } from '../../src/show/failure-examples.ts';
import { cataloguePage, isSaid, toldFailures } from '../support/catalogue.ts';
import { CHECKOUT } from '../support/checkout.ts';

const CODES = Object.keys(FAILURES) as FailureCode[];
/** Codes of outcomes: their five lines are told by explain alone. */
const OUTCOMES: readonly FailureCode[] = ['INTERRUPTED', 'NOT_MUTUAL_TLS'];

function expectPage(name: string, made: string): void {
  const file = path.join(CHECKOUT, name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, made);
  expect(made).toBe(readFileSync(file, 'utf8'));
}

const top = commandLine(() => undefined);
const all = wordsOf(top);

describe('the pages that are made from the code', () => {
  it('have every failure with its five lines', () => {
    const told = toldFailures();
    expect(CODES.filter((code) => !told.has(code))).toEqual(OUTCOMES);
    expectPage('src/docs/failures.md', `${cataloguePage()}\n`);
  });

  it('have examples that the code can say, each line of them', () => {
    const examples = CODES.filter((code) => !OUTCOMES.includes(code)).map(exampleOf);
    expect(examples.filter((each) => !isSaid(each))).toEqual([]);
    for (const code of CODES) {
      const { where, would, but, so, remedy } = exampleOf(code);
      expect(
        [where, would, but, so, remedy].filter((line) => line === ''),
        code,
      ).toEqual([]);
    }
    expect(isSaid({ ...exampleOf('GATE_FAILED'), so: 'nobody knows' })).toBe(false);
  });

  it('have the manual page', () => {
    const text = completionText(top, 'man').replace(/"peershift \d+\.\d+\.\d+"/u, '"peershift"');
    expectPage('src/docs/peershift.1', `${text}\n`);
  });
});

describe('the examples of the help', () => {
  it('are there for every command that does something, and for none that is not there', () => {
    const doing = all.filter(({ words }) => {
      return !all.some((each) => each.words.startsWith(`${words} `)) || words === '';
    });
    expect(doing.filter(({ examples }) => examples.length === 0)).toEqual([]);
    const known = all.map(({ words }) => words);
    expect(Object.keys(EXAMPLES).filter((words) => !known.includes(words))).toEqual([]);
  });

  it.each(all.flatMap(({ words, examples }) => examples.map((line) => [line, words] as const)))(
    '%s is one that the command line takes',
    async (line, words) => {
      const chosen: string[] = [];
      const parsing = commandLine(() => undefined);
      for (const command of [
        parsing,
        ...parsing.commands.flatMap((each) => [each, ...each.commands]),
      ]) {
        command.exitOverride().configureOutput({ writeErr: () => undefined });
        if (command.commands.length === 0) {
          const below = command.parent?.name() ?? '';
          const name = below === 'peershift' ? command.name() : `${below} ${command.name()}`;
          command.action(() => {
            chosen.push(name);
          });
        }
      }
      await parsing.parseAsync(line.split(' ').slice(1), { from: 'user' });
      expect(chosen).toHaveLength(1);
      if (words !== '') expect(chosen).toEqual([words]);
    },
  );

  it('stand at the end of each help', () => {
    const help = vi.fn<(text: string) => void>();
    const run = top.commands.find((each) => each.name() === 'run');
    run?.configureOutput({ writeOut: help }).outputHelp();
    const text = help.mock.calls.map(([each]) => each).join('');
    for (const line of EXAMPLES.run ?? []) expect(text).toContain(`  ${line}`);
  });
});
