/**
 * Goal: containers go any way that processes go. Method: a Docker engine of its own with three members under a writer,
 * moved to a second port; with EVERY_VERSION=1 also podman, there and back.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, expect, it } from 'vitest';

import { type EngineRig, startEngineRig } from '../support/engine-rig.ts';
import { expectExit } from '../support/lab-rig.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

/** An engine and three members, then a run of six replacements. */
const STORY_MS = 600_000;
const open: EngineRig[] = [];

async function opened(binary: EngineRig['binary']): Promise<EngineRig> {
  const rig = await startEngineRig(binary);
  open.push(rig);
  return rig;
}

afterAll(async () => {
  for (const rig of open) await rig.end();
}, STORY_MS);

it(
  'goes to a second port by dual-listener, and loses no write',
  { timeout: STORY_MS },
  async () => {
    const rig = await opened('docker');
    const text = await readFile(rig.planFile, 'utf8');
    const own = text.replaceAll(/peerUrl: "[^"]*", /gu, '');
    await writeFile(rig.planFile, own.replace('order:', 'strategy: dual-listener\norder:'));
    expectExit(await rig.run('run', '--yes'), 0);
    const after = await rig.containers();
    // Of the two that followed each original only the last one stays.
    expect(Object.keys(after).length).toBe(6);
    for (const { container, address } of rig.members) {
      expect(after[container]).toMatch(/ running$/);
      expect(await rig.docker('inspect', container)).toContain(`https://${address}:2382`);
    }
    const verified = await rig.run('verify');
    expectExit(verified, 0);
    expect(verified.stdout).toContain('mutual TLS only: 6 of 6');
    await rig.expectNothingLost();
  },
);

it.each(TELLS_EVERY_VERSION ? ['docker-compose'] : [])(
  'names the file of a member that %s makes, and takes it over only where that is accepted',
  { timeout: STORY_MS },
  async () => {
    const rig = await opened('docker');
    const [m1] = rig.members;
    if (m1 === undefined) throw new Error('there are no members');
    const file = await rig.compose(m1);
    const check = await rig.run('check');
    expectExit(check, 3);
    const said = check.stdout.replaceAll(/\s+/gu, ' ');
    expect(said).toContain(`made by docker compose: service m1 in ${file};`);
    const text = await readFile(rig.planFile, 'utf8');
    await writeFile(rig.planFile, `${text}accept: [config-managed]\n`);
    expectExit(await rig.run('check'), 0);
    expectExit(await rig.run('run', '--yes', '--pause-after', 'm1'), 4);
    const labels = ['inspect', '--format', '{{json .Config.Labels}}', m1.container];
    expect(await rig.docker(...labels)).toContain('"com.docker.compose.service":"m1"');
    expectExit(await rig.run('rollback', '--yes'), 0);
    await rig.expectNothingLost();
  },
);

it.each(TELLS_EVERY_VERSION ? (['podman'] as const) : [])(
  'goes there and back with the containers of %s',
  { timeout: STORY_MS },
  async (binary) => {
    const rig = await opened(binary);
    const before = await rig.containers();
    const preview = await rig.run('preview');
    expectExit(preview, 0);
    expect(preview.stdout).not.toContain('not to be seen');
    expectExit(await rig.run('run', '--yes'), 0);
    const after = await rig.containers();
    expect(Object.keys(after).length).toBe(6);
    for (const { container } of rig.members) {
      expect(after[container]).toMatch(/ running$/);
      expect(after[container]).not.toBe(before[container]);
    }
    expectExit(await rig.run('verify'), 0);
    expectExit(await rig.run('rollback', '--yes'), 0);
    expect(await rig.containers()).toEqual(before);
    await rig.expectNothingLost();
  },
);
