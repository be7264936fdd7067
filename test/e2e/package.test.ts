/**
 * Goal: what is published is what is needed, and works where nothing else is. Method: it is packed, installed into an
 * empty folder, asked for its version, and a program that uses it as a library moves a real member.
 */

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CHECKOUT } from '../support/checkout.ts';
import { STORY_MS, endRigs, withRig } from '../support/lab-rig.ts';
import { program, programEnd } from '../support/programs.ts';

const INSTALL_MS = 150_000;
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder = '';
let packed: Packed;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'peershift-package-'));
  const said = await program(
    ['npm', 'pack', CHECKOUT, '--json', '--pack-destination', folder, ...QUIET],
    { deadlineMs: INSTALL_MS },
  );
  [packed] = JSON.parse(said) as [Packed];
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const tarball = path.join(folder, packed.filename);
  const words = [
    'npm',
    'install',
    tarball,
    '--prefix',
    folder,
    '--ignore-scripts',
    '--prefer-offline',
  ];
  await program([...words, ...QUIET], { deadlineMs: INSTALL_MS });
}, 2 * INSTALL_MS);

afterAll(async () => {
  await endRigs();
  await rm(folder, { recursive: true, force: true });
});

describe('the package', () => {
  it('has the built program, its pages and its plans, and nothing else', () => {
    const names = packed.files.map((each) => each.path);
    const tops = new Set(names.map((name) => name.split('/')[0]));
    const pages = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
    expect([...tops].sort()).toEqual([...pages, 'dist', 'plans', 'src'].sort());
    expect(names).toEqual(
      expect.arrayContaining(['dist/cli/main.js', 'dist/index.d.ts', 'src/docs/peershift.1']),
    );
    const strange = names.filter(
      (name) => name.startsWith('dist/') && !/\.(?:js|d\.ts)$/u.test(name),
    );
    expect(strange).toEqual([]);
  });

  it('runs in an empty folder, with its types beside it', async () => {
    const bin = path.join(folder, 'node_modules/.bin/peershift');
    const { version } = JSON.parse(await readFile(path.join(CHECKOUT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect((await program([bin, '--version'])).trim()).toBe(version);
    expect(await program([bin, 'explain', 'GATE_FAILED'])).toContain('the evidence after a step');
    const types = await readFile(
      path.join(folder, 'node_modules/peershift/dist/index.d.ts'),
      'utf8',
    );
    for (const name of ['declare', 'discover', 'plan', 'prove', 'run'])
      expect(types).toContain(name);
  });

  it('is a library: the example program moves a member', { timeout: STORY_MS }, async () => {
    await copyFile(
      path.join(CHECKOUT, 'src/docs/library-example.mjs'),
      path.join(folder, 'example.mjs'),
    );
    await withRig({ members: 1 }, async (rig) => {
      const words = [process.execPath, path.join(folder, 'example.mjs'), rig.lab.planFile];
      const ended = await programEnd(words, { deadlineMs: INSTALL_MS });
      expect(ended.exit, ended.stdout + ended.stderr).toBe(0);
      expect(ended.stdout).toMatch(/^\d+ steps, \d+ worlds$/mu);
      expect(ended.stdout).toMatch(/^opened$[^]*^intended$[^]*^closed$/mu);
      expect(ended.stdout).toMatch(/^exit 0, report .+report\.html$/mu);
      await rig.expectServing('https');
      await rig.expectNothingLost();
    });
  });
});
