/**
 * Goal: nothing in the README is untrue of this checkout. Method: its tables are made anew, its commands are
 * parsed by the real command line with the work behind it taken away, its transcript is printed again from
 * what a real demonstration left, and what it names is looked for.
 */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FAILURES } from '../../src/model/failure.ts';
import { type KnownSteps, knownAfter, progressLine } from '../../src/show/progress.ts';
import { hanging } from '../../src/show/wrap.ts';
import { CHECKOUT, filesBelow, textOf } from '../support/checkout.ts';
import { cutoverTable, keptEntries } from '../support/cutover.ts';
import { expectGolden } from '../support/golden.ts';
import { README, RUN_BY, expectBlock, promptLines } from '../support/readme.ts';
import { ASKED, notYet, planReference } from '../support/reference.ts';

const PAGES = [README, 'CHANGELOG.md', 'plans/README.md', 'test/README.md', 'src/DECISIONS.md'];
/** What is made is looked up; the rest is read. */
const MOST_LINES = 320;
const COLUMNS = 100;

/** Which command the command line chose, and with which words. */
const chosen: string[] = vi.hoisted(() => []);
/** What the demonstration tells when it is asked for. */
const recorded: { demo?: unknown } = vi.hoisted(() => ({}));

const stands = (name: string) => () => {
  chosen.push(name);
  return Promise.resolve(0);
};

vi.mock('../../src/cli/commands/init.ts', () => ({ init: stands('init') }));
vi.mock('../../src/cli/commands/check.ts', () => ({ check: stands('check') }));
vi.mock('../../src/cli/commands/pause.ts', () => ({ pause: stands('pause') }));
vi.mock('../../src/cli/commands/preview.ts', () => ({ preview: stands('preview') }));
vi.mock('../../src/cli/commands/run.ts', () => ({
  run: stands('run'),
  resume: stands('resume'),
  rollback: stands('rollback'),
}));
vi.mock('../../src/cli/commands/status.ts', () => ({ status: stands('status') }));
vi.mock('../../src/cli/commands/verify.ts', () => ({ verify: stands('verify') }));
vi.mock('../../src/cli/commands/report.ts', () => ({ report: stands('report') }));
vi.mock('../../src/cli/commands/lab.ts', () => ({
  up: stands('lab up'),
  down: stands('lab down'),
  status: stands('lab status'),
  demo: stands('lab demo'),
}));
vi.mock('../../src/lab/demo.ts', () => ({
  labDemo: () => Promise.resolve({ ok: true, value: recorded.demo }),
}));

interface Parsed {
  readonly chosen: string | undefined;
  readonly exitCode: unknown;
  readonly printed: string;
}

/** What the command line makes of these words; nothing behind it is done. */
async function parsed(words: readonly string[]): Promise<Parsed> {
  const [argv, exitCode] = [process.argv, process.exitCode];
  const printed: string[] = [];
  const keep = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  chosen.length = 0;
  try {
    process.argv = ['node', 'peershift', ...words];
    process.exitCode = 0;
    vi.resetModules();
    await import('../../src/cli/main.ts');
    return { chosen: chosen[0], exitCode: process.exitCode, printed: printed.join('') };
  } finally {
    process.argv = argv;
    process.exitCode = exitCode;
    vi.restoreAllMocks();
  }
}

const scripts = Object.keys(
  (JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts,
);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the commands of the README', () => {
  const typed = promptLines();
  const ours = typed.filter((line) => line.startsWith('peershift '));

  it('are ours or npm scripts', () => {
    expect(ours.length).toBeGreaterThan(4);
    expect(typed.filter((line) => !/^(?:peershift|npm) /u.test(line))).toEqual([]);
  });

  it.each(ours)('%s is one that peershift knows', async (line) => {
    const [verb = '', lab = ''] = line.split(' ').slice(1);
    const answer = await parsed(line.split(' ').slice(1));
    expect(answer).toMatchObject({ exitCode: 0, chosen: verb === 'lab' ? `lab ${lab}` : verb });
  });

  it('are each run by a test against real members, and no others are said to be', () => {
    expect(Object.keys(RUN_BY)).toEqual([...new Set(typed)]);
    for (const [line, [file, words]] of Object.entries(RUN_BY)) {
      expect(textOf(file).includes(words), `${file} runs ${line}`).toBe(true);
    }
    expect(textOf('package.json')).toContain(' && node dist/cli/main.js lab demo"');
  });

  it('are refused with a word or a flag that peershift does not know', async () => {
    const refused = { exitCode: 2, chosen: undefined };
    expect(await parsed(['runn', 'plan.yaml'])).toMatchObject(refused);
    expect(await parsed(['run', 'plan.yaml', '--force'])).toMatchObject(refused);
    expect(await parsed(['run'])).toMatchObject(refused);
    expect(await parsed(['lab', 'up', 'plan.yaml'])).toMatchObject(refused);
  });

  it('that set it up are two, one measures, and no others of npm are named', () => {
    const named = textOf(README).matchAll(/\bnpm (?:run )?[a-z:]+/gu);
    expect(new Set([...named].map(([words]) => words))).toEqual(
      new Set(['npm run demo', 'npm test', 'npm run bench']),
    );
  });

  it.each(PAGES)('and npm scripts, in the text of %s, exist', async (page) => {
    const inline = [...textOf(page).matchAll(/`((?:peershift|npm) [^`]+)`/gu)];
    const commands = inline.map(([, words]) => words?.split(' ') ?? []);
    const { printed } = await parsed(['--help']);
    const verbs = [...printed.matchAll(/^ {2}([a-z]+) /gmu)].map(([, verb]) => verb ?? '');
    expect(verbs).toContain('rollback');
    const strangers = commands.filter(([program, first = '', second = '']) => {
      if (program === 'peershift') return !verbs.includes(first) && !first.startsWith('--');
      return !(first === 'test' || first === 'ci' || scripts.includes(second));
    });
    expect(strangers).toEqual([]);
  });
});

describe('the tables of the README', () => {
  it('say of each plan-file key what its shape says (UPDATE_GOLDEN=1 makes them anew)', () => {
    expectBlock('plan file', planReference());
  });

  it('say what the certs commands do', async () => {
    const { printed } = await parsed(['certs', '--help']);
    const commands = /\nCommands:\n([\s\S]*?)\n\n?$/u.exec(printed)?.[1] ?? '';
    const rows = commands.split('\n').filter((line) => !line.trim().startsWith('help'));
    expect(rows.length).toBeGreaterThan(4);
    expectBlock('certs', ['```text', ...rows, '```'].join('\n'));
  });

  it('say what this version has no adapter for', () => {
    expectBlock('not yet', notYet());
  });

  it('say when each step of the cutover was over, and who could dial whom', () => {
    expectBlock('cutover', cutoverTable());
  });

  it('ask about every choice that the code knows', () => {
    const choices = textOf('src/declare/supported.ts').matchAll(/\bkey: '([A-Za-z.]+)'/gu);
    expect(new Set([...choices].map(([, key]) => key))).toEqual(new Set(ASKED));
  });

  it('name every exit code that the code ends with, and no other', () => {
    const rows = textOf(README).matchAll(/^\| (\d+) \|/gmu);
    expect([...rows].map(([, code]) => Number(code))).toEqual(exitCodes());
  });
});

/** From the catalogue of failures, the outcomes of a run, and the named constants. */
function exitCodes(): readonly number[] {
  const sources = filesBelow('src').map(textOf);
  const named = sources.flatMap((text) => [...text.matchAll(/\bEXIT(?:_[A-Z_]+)? = (\d+);/gu)]);
  const outcomes = sources.flatMap((text) => [...text.matchAll(/\bEXIT\b[^=;]*= \{([^}]+)\}/gu)]);
  const listed = outcomes.flatMap(([, body]) => [...(body ?? '').matchAll(/: (\d+)/gu)]);
  expect(listed.length, 'outcomes of a run').toBeGreaterThan(3);
  const all = [
    ...Object.values(FAILURES).map(({ exit }) => exit as number),
    ...[...named, ...listed].map(([, code]) => Number(code)),
  ];
  return [...new Set([0, ...all])].sort((a, b) => a - b);
}

interface RecordedDemo {
  readonly events: readonly { readonly at: string; readonly lab: never }[];
  readonly result: unknown;
}

/** The lines of a real demonstration, printed by the code of today; only its journal and result are kept. */
async function transcript(): Promise<string> {
  const demo = JSON.parse(textOf('fixtures/golden/readme/demo.json')) as RecordedDemo;
  const { labEventText } = await import('../../src/lab/event.ts');
  let known: KnownSteps = { steps: [] };
  const lines = [
    ...demo.events.map(({ at, lab }) => ({ at, text: labEventText(lab) })),
    ...keptEntries().map((entry) => {
      if (entry.type === 'planned') known = knownAfter(known, entry);
      return { at: entry.at, text: progressLine(entry, known) ?? '' };
    }),
  ].sort((a, b) => a.at.localeCompare(b.at));
  recorded.demo = demo.result;
  const lab = await vi.importActual<typeof import('../../src/cli/commands/lab.ts')>(
    '../../src/cli/commands/lab.ts',
  );
  const table: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => table.push(String(text)) > 0);
  expect(await lab.demo({})).toBe(0);
  return ['$ npm run demo', ...chosenLines(lines), ...rowsOf(table.join(''))].join('\n');
}

const TOLD =
  /clients write|planned: 23|(?:begins|done): restart m1|step 9 .* gate|run done|read back/u;
const ROWS = /^(?:members on|writes|longest|lease)/u;

function chosenLines(lines: readonly { at: string; text: string }[]): readonly string[] {
  return lines.flatMap(({ at, text }) => {
    return TOLD.test(text) ? hanging(`${at.slice(11, 19)}  `, text, COLUMNS) : [];
  });
}

function rowsOf(table: string): readonly string[] {
  return table.split('\n').filter((line) => ROWS.test(line));
}

describe('the transcript of the README', () => {
  it('is what a real demonstration prints, and its golden', async () => {
    const printed = await transcript();
    expectGolden('readme/transcript.txt', printed);
    expectBlock('transcript', `\`\`\`console\n${printed}\n\`\`\``);
  });
});

describe('what the README names', () => {
  const text = textOf(README);

  it('exists, where it is a file or a folder of the checkout', () => {
    const inline = [...text.matchAll(/`((?:src|test|plans|fixtures|\.ci)\/[^` ]*)`/gu)];
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/gu)];
    const named = [...inline, ...links].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !existsSync(path.join(CHECKOUT, name)))).toEqual([]);
  });

  it('exists, where it is a heading', () => {
    const headings = [...text.matchAll(/^#+ (.+)$/gmu)].map(([, heading]) => {
      const plain = (heading ?? '').toLowerCase().replaceAll(/[^\w\s-]/gu, '');
      return `#${plain.replaceAll(' ', '-')}`;
    });
    const linked = [...text.matchAll(/\]\((#[^)]+)\)/gu)].map(([, name]) => name ?? '');
    expect(linked.filter((name) => !headings.includes(name))).toEqual([]);
  });

  it(`can be read at one sitting: at most ${String(MOST_LINES)} lines beside the blocks that are made`, () => {
    const written = text.replaceAll(/<!-- made: [^]*?<!-- end: [^\n]*\n/gu, '');
    expect(written.length).toBeLessThan(text.length / 1.2);
    expect(written.split('\n').length).toBeLessThanOrEqual(MOST_LINES);
  });

  it('has no block left open', () => {
    const fences = [...text.matchAll(/^```(\w*)$/gmu)].map(([, language]) => language);
    expect(fences.filter((_, index) => index % 2 === 1).join('')).toBe('');
    expect(fences.filter((_, index) => index % 2 === 0)).not.toContain('');
    expect(fences.length % 2).toBe(0);
  });
});
