/**
 * Goal: units and environment files are read as systemd itself reads them. Method: every file of the corpus
 * is started by a real systemd in a box, with a program for etcd that writes down what it was given.
 */

import { afterAll, beforeAll, expect, it } from 'vitest';

import { readEnvFile } from '../../src/adapters/config/env-file.ts';
import { flagsOf, settingsOf } from '../../src/model/flag-words.ts';
import { effectOf, serviceLines } from '../../src/adapters/config/unit-effect.ts';
import { environmentName } from '../../src/model/settings.ts';
import { type Boxes, startBoxes } from '../support/boxes.ts';
import { corpusFiles } from '../support/config-corpus.ts';

const BOX = 'm1';
const HOOK_MS = 600_000;
const WORDS = `#!/bin/sh
folder=$(dirname "$0")
env -0 >"$folder/env"
for word; do printf '%s\\0' "$word"; done >"$folder/words"
`;
/** Whatever a unit says, it is run once, by root, at once. */
const ONCE = '[Service]\nType=oneshot\nUser=root\nRestart=no\n';

let lab: Boxes;

beforeAll(async () => {
  lab = await startBoxes({ count: 1 });
}, HOOK_MS);

afterAll(async () => {
  await lab.end();
}, HOOK_MS);

async function start(units: readonly { name: string; text: string }[]): Promise<void> {
  for (const { name, text } of units) {
    await lab.write(BOX, `/corpus/${name}/etcd`, WORDS, 0o755);
    await lab.write(BOX, `/etc/systemd/system/${name}.service`, text);
    await lab.write(BOX, `/etc/systemd/system/${name}.service.d/once.conf`, ONCE);
  }
  await lab.in(BOX, ['systemctl', 'daemon-reload']);
  await lab.in(BOX, ['systemctl', 'start', ...units.map(({ name }) => `${name}.service`)]);
}

async function partsOf(name: string, what: 'env' | 'words'): Promise<readonly string[]> {
  return (await lab.read(BOX, `/corpus/${name}/${what}`)).split('\0').slice(0, -1);
}

it('gives the words of each unit as peershift reads them', { timeout: HOOK_MS }, async () => {
  const units = corpusFiles('unit').flatMap((file, index) => {
    const name = `unit-${String(index)}`;
    const program = /\/(?:usr\/bin|opt\/etcd|usr\/local\/bin)\/etcd(?=\s)/g;
    const text = file.text.replaceAll(program, `/corpus/${name}/etcd`);
    const { problems, settings } = effectOf({
      lines: serviceLines([{ path: '/u', text }]),
      unit: `${name}.service`,
      hostName: BOX,
      environmentTexts: new Map(),
    });
    return problems.length === 0 ? [{ name, text, settings, from: file.name }] : [];
  });
  expect(units.length).toBeGreaterThan(100);
  await start(units);
  for (const { name, settings, from } of units) {
    const flags = flagsOf(await partsOf(name, 'words'));
    expect(flags.ok ? settingsOf(flags.value) : flags.error, from).toEqual(settings);
  }
});

it(
  'gives the variables of each environment file as peershift reads them',
  { timeout: HOOK_MS },
  async () => {
    const files = corpusFiles('env').flatMap((file, index) => {
      // `export ` is for sh: systemd ignores such a line.
      const text = file.text.replaceAll(/^([ \t]*)export[ \t]+/gm, '$1');
      const { settings, problems } = readEnvFile(text);
      return problems.length > 0 ? [] : [{ name: `env-${String(index)}`, text, settings }];
    });
    expect(files.length).toBeGreaterThan(90);
    for (const { name, text } of files) await lab.write(BOX, `/corpus/${name}/file`, text);
    const unit = (name: string): string =>
      `[Service]\nEnvironmentFile=/corpus/${name}/file\nExecStart=/corpus/${name}/etcd\n`;
    await start(files.map(({ name }) => ({ name, text: unit(name) })));
    for (const { name, settings } of files) {
      const variables = (await partsOf(name, 'env')).filter((each) => each.startsWith('ETCD_'));
      const wanted = Object.entries(settings).map(
        ([flag, value]) => `${environmentName(flag)}=${value}`,
      );
      expect([...variables].sort()).toEqual([...wanted].sort());
    }
  },
);
