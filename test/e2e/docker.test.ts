/**
 * Goal: a member in a container is replaced by one that differs in etcd's settings alone, and put back as it was.
 * Method: Debian's Docker engine, private to this test, with three members under a writer: the documented
 * order with a start that fails, then another one to its end.
 */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type EngineRig, startEngineRig } from '../support/engine-rig.ts';
import { expectExit } from '../support/lab-rig.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

const HOOK_MS = 400_000;
const STORY_MS = 300_000;

let rig: EngineRig;
/** Of before the run that came to its end. */
let originals: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  rig = await startEngineRig();
}, HOOK_MS);

afterAll(async () => {
  await rig.end();
}, HOOK_MS);

it('shows each container that follows as a diff of docker run, and no secret', async () => {
  const end = await rig.run('preview');
  expectExit(end, 0);
  const [m1] = rig.members;
  expect(end.stdout).toContain(`+  --volume ${m1?.folder ?? ''}-tls:${m1?.folder ?? ''}-tls:ro`);
  expect(end.stdout).toMatch(/^-\s+--listen-peer-urls=http:/m);
  expect(end.stdout).toMatch(/^\+\s+--env ETCD_LISTEN_PEER_URLS=https:/m);
  expect(end.stdout).not.toContain('not to be seen');
  expect(await rig.containers()).toEqual(await running());
});

it(
  'puts the old container back when the new one does not start',
  { timeout: STORY_MS },
  async () => {
    const before = await rig.containers();
    const run = rig.start('run', '--yes');
    const step = await run.intended(({ kind }) => kind === 'restart-member');
    const { member } = step as { readonly member: string };
    const of = rig.members.find(({ name }) => name === member);
    await writeFile(path.join(`${of?.folder ?? ''}-tls`, 'peer-key.pem'), 'no key at all\n');
    const end = await run.ended;
    expectExit(end, 5);
    expect(JSON.stringify(end.events.at(-1))).toContain('START_FAILED');
    expect(await rig.containers()).toEqual(before);
    for (const { container } of rig.members) {
      const policy = ['inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', container];
      expect((await rig.docker(...policy)).trim()).toBe('always');
    }
  },
);

it(
  'goes to the end with containers that are alike, and keeps the old ones',
  { timeout: STORY_MS },
  async () => {
    const before = await rig.containers();
    const definitions = await Promise.all(
      rig.members.map((each) => rig.definition(each.container)),
    );
    expectExit(await rig.run('run', '--yes'), 0);
    const after = await rig.containers();
    for (const [at, { container }] of rig.members.entries()) {
      const [id = ''] = before[container]?.split(' ') ?? [];
      const kept = Object.keys(after).find((name) => after[name]?.startsWith(id));
      expect(kept).toMatch(new RegExp(`^${container}\\.peershift-\\d{8}-\\d{6}-\\w+$`));
      expect(after[kept ?? '']).toBe(`${id} exited`);
      expect(after[container]).toMatch(/ running$/);
      expect(await rig.definition(container)).toEqual(definitions[at]);
      const policy = ['inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', kept ?? ''];
      expect((await rig.docker(...policy)).trim()).toBe('no');
    }
    expect(Object.keys(after).length).toBe(6);
    const verified = await rig.run('verify');
    expectExit(verified, 0);
    expect(verified.stdout).toContain('mutual TLS only: 6 of 6');
    originals = before;
  },
);

it.each(TELLS_EVERY_VERSION ? [''] : [])(
  'starts the very containers of before again, when a run that is over is rolled back%s',
  { timeout: STORY_MS },
  async () => {
    expectExit(await rig.run('rollback', '--yes'), 0);
    expect(await rig.containers()).toEqual(originals);
  },
);

it('loses no write in all of it', () => rig.expectNothingLost());

/** The members and nothing else, all of them at work. */
async function running(): Promise<Readonly<Record<string, unknown>>> {
  const names = rig.members.map(({ container }) => container);
  const there = await rig.containers();
  expect(Object.keys(there).sort()).toEqual([...names].sort());
  return Object.fromEntries(names.map((name) => [name, expect.stringMatching(/ running$/)]));
}
