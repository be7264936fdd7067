/** Goal: each sample plan can be taken as it is. Method: all of them are read, and the page that lists them. */

import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { declare } from '../../../src/declare/declare.ts';
import { unsupported } from '../../../src/declare/supported.ts';
import { STRATEGIES } from '../../../src/model/desired.ts';
import { FOLDERS } from './plan-files.ts';

const PLANS = new URL('../../../plans/', import.meta.url);
const SAMPLES = readdirSync(PLANS)
  .filter((name) => name.endsWith('.yaml'))
  .sort();

function textOf(name: string): string {
  return readFileSync(new URL(name, PLANS), 'utf8');
}

describe('the sample plans', () => {
  it('are numbered from 01 on, and all listed', () => {
    const numbers = SAMPLES.map((name) => Number(name.slice(0, 2)));
    expect(numbers).toEqual(SAMPLES.map((_, index) => index + 1));
    const listed = [...textOf('README.md').matchAll(/\]\((\S+\.yaml)\)/gu)].map(([, name]) => name);
    expect(listed).toEqual(SAMPLES);
  });

  it.each(SAMPLES)('%s has no mistake, and asks for nothing that is not there', (name) => {
    const read = declare(textOf(name), name, FOLDERS);
    expect(read.ok ? [] : read.error).toEqual([]);
    if (read.ok) expect(unsupported(read.value)).toEqual([]);
  });

  it.each(SAMPLES)('%s names the schema and says in some lines what it is', (name) => {
    const lines = textOf(name).split('\n');
    expect(lines[0]).toBe('# yaml-language-server: $schema=./peershift.schema.json');
    const prose = lines.slice(1, lines.indexOf('version: 1'));
    expect(prose.length).toBeGreaterThanOrEqual(3);
    expect(prose.filter((line) => !line.startsWith('#'))).toEqual([]);
  });

  it('show more than one strategy', () => {
    // Of a plan for the clients alone the strategy says nothing.
    const peers = SAMPLES.filter((name) => !/^scope: client$/mu.test(textOf(name)));
    const used = peers.map((name) => /^strategy: (\S+)$/mu.exec(textOf(name))?.[1]);
    expect(new Set(used).size).toBeGreaterThan(3);
    expect(used.filter((each) => !STRATEGIES.some((known) => known === each))).toEqual([]);
  });
});
