/** Goal: the checkout stays tidy. Method: list its files and read every text of ours. */

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKOUT, filesBelow, IGNORED, textOf } from '../support/checkout.ts';

const TOP_LEVEL = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
  ...['src', 'plans', 'test', 'fixtures'],
];

const LINES_PER_FILE = 300;
const LINES_PER_PAGE = 15;
const FEWEST_FILES = 50;

/** Written in two halves, so that this file may be read too. */
const halves = (first: string, second: string): string => first + second;
const PATHS = [
  ...[halves('/wo', 'rk/'), halves('sha', 'red/'), halves('/tmp/', 'e34')],
  ...[halves('/tmp/', 'brief'), halves('registry.', 'npmjs')],
];
const PUT_OFF = [halves('TO', 'DO'), halves('FIX', 'ME')];
const FORBIDDEN = new RegExp(`${PATHS.join('|')}|\\b(?:${PUT_OFF.join('|')})\\b`, 'u');

const forbiddenIn = (text: string): readonly string[] =>
  text.split('\n').filter((line) => FORBIDDEN.test(line));

const lineCount = (text: string): number => text.replace(/\n$/u, '').split('\n').length;

describe('the checkout', () => {
  const files = filesBelow();

  it('holds at its top level only what a newcomer expects', () => {
    const names = readdirSync(CHECKOUT).filter((name) => !name.startsWith('.'));
    const strangers = names.filter((name) => !TOP_LEVEL.includes(name) && !IGNORED.includes(name));
    expect(strangers).toEqual([]);
  });

  it('names no path of a machine it was built on, and puts nothing off', () => {
    expect(files.length).toBeGreaterThan(FEWEST_FILES);
    const found = files.flatMap((file) =>
      forbiddenIn(textOf(file)).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  it('has the planted word found', () => {
    expect(forbiddenIn(`a\n// ${halves('TO', 'DO')}: later\nb`)).toHaveLength(1);
    expect(forbiddenIn(`see ${halves('/wo', 'rk/main')}`)).toHaveLength(1);
    expect(forbiddenIn('a network/workshop sharedKey')).toEqual([]);
  });

  it('locks every package without naming where it was fetched', () => {
    expect(textOf('package-lock.json')).not.toContain('"resolved"');
  });

  it('pins every package to one version', () => {
    const manifest = JSON.parse(textOf('package.json')) as Record<string, Record<string, string>>;
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/u.test(version))).toEqual([]);
  });
});

describe('every source file', () => {
  const sources = filesBelow('src').filter((file) => file.endsWith('.ts'));

  it(`has at most ${String(LINES_PER_FILE)} lines`, () => {
    const long = sources.filter((file) => lineCount(textOf(file)) > LINES_PER_FILE);
    expect(long).toEqual([]);
  });

  it('opens with a sentence that says what it is', () => {
    const silent = sources.filter((file) => !/^(?:#!.*\n)?\/(?:\/|\*\*?) ?\S/u.test(textOf(file)));
    expect(silent).toEqual([]);
  });
});

describe('every folder of src', () => {
  const folders = readdirSync(`${CHECKOUT}/src`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);

  it.each(folders)(`%s has a page of at most ${String(LINES_PER_PAGE)} lines`, (folder) => {
    expect(lineCount(textOf(`src/${folder}/README.md`))).toBeLessThanOrEqual(LINES_PER_PAGE);
  });
});
