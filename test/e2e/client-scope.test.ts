/**
 * Goal: client traffic moves from http to https under clients of both, none of which loses a request while
 * it follows the published URLs, and http is closed only when nobody speaks it any more. Method: the built
 * command on three real members; the clients and the last dials are none of peershift's.
 */

import { readFileSync } from 'node:fs';
import { get as plainGet } from 'node:http';
import { get as tlsGet } from 'node:https';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { fieldOf, Gateway, type GatewayAccess } from '../../src/lab/gateway.ts';
import { type Fleet, startFleet } from '../support/client-fleet.ts';
import { type Rig, endRigs, expectExit, STORY_MS, withRig } from '../support/lab-rig.ts';
import { startSshRig } from '../support/ssh-rig.ts';
import { etcdOf, TELLS_EVERY_VERSION } from '../support/versions.ts';

const DIAL_MS = 5000;
/** For a pause that is waited for: probes of links take 5 s, and a machine that crawls twice that. */
const PAUSING = 'gates: { quiet: 1s, timeout: 20s }';

interface Story {
  readonly scope: 'client' | 'peer+client';
  readonly suite: Parameters<typeof etcdOf>[0];
}

const LOGIN = { username: 'root', password: 'correct horse' };

const ONE: Story = { scope: 'client', suite: undefined };
const SLOW: readonly Story[] = [
  { scope: 'client', suite: 'bullseye' },
  { scope: 'client', suite: 'bookworm' },
  { scope: 'client', suite: 'forky' },
  { scope: 'peer+client', suite: 'trixie' },
];
const STORIES: readonly Story[] = TELLS_EVERY_VERSION ? SLOW : [ONE];

function planned(scope: string): (text: string) => string {
  return (text) => {
    const moved = text.replace('name: lab\n', `name: lab\nscope: ${scope}\n`);
    return TELLS_EVERY_VERSION ? moved.replace(/^gates: .*$/m, PAUSING) : moved;
  };
}

describe.each(STORIES)('a cluster whose clients are moved ($scope, $suite)', ({ scope, suite }) => {
  it(
    'serves both schemes, waits for the clients of http, and then refuses them',
    async () => {
      await withRig({ plan: planned(scope), writes: false, ...(await etcdOf(suite)) }, (rig) =>
        story(rig, scope),
      );
    },
    STORY_MS,
  );
});

describe.each(TELLS_EVERY_VERSION ? [ONE] : [])('with hosts behind ssh ($scope)', ({ scope }) => {
  it(
    'it is seen over ssh who is connected',
    async () => {
      // The client ports themselves are dialed from here, as clients dial them.
      const plan = (text: string): string => planned(scope)(text).replace('  via: ssh\n', '');
      const { rig } = await startSshRig({ plan, writes: false });
      await story(rig, scope);
    },
    STORY_MS,
  );
});

describe.each(TELLS_EVERY_VERSION ? [ONE] : [])('with logins on ($scope)', ({ scope }) => {
  it(
    'everybody stays logged in',
    async () => {
      const auth = `cluster:\n  auth: { username: root, password: { env: PEERSHIFT_PASSWORD } }\n`;
      // With both, etcd's JSON gateway refuses certificates that have a common name.
      const open = `clients: { certAuth: false }\n`;
      const plan = (text: string): string =>
        planned(scope)(text).replace('cluster:\n', open + auth);
      const environment = { PEERSHIFT_PASSWORD: LOGIN.password };
      await withRig({ plan, writes: false, install: () => ({ environment }) }, async (rig) => {
        await rig.call('m1', '/auth/user/add', { name: LOGIN.username, password: LOGIN.password });
        await rig.call('m1', '/auth/role/add', { name: 'root' });
        await rig.call('m1', '/auth/user/grant', { user: LOGIN.username, role: 'root' });
        await rig.call('m1', '/auth/enable', {});
        await story(rig, scope, LOGIN);
      });
    },
    STORY_MS,
  );
});

/** Told beside the versions: it takes as long as the move does. */
const WAYS_BACK: readonly Story[] = TELLS_EVERY_VERSION ? [ONE] : [];

describe.each(WAYS_BACK)('a cluster whose clients do not move ($scope)', ({ scope }) => {
  it(
    'goes back to http with every byte of its settings, and no client of http has noticed',
    () => withRig({ plan: planned(scope), writes: false }, wayBack),
    STORY_MS,
  );
});

/** While the run looks who is left, they move. */
async function heldUp(rig: Rig, fleet: Fleet): Promise<void> {
  const running = rig.start('run', '--yes');
  const waits = await running.event((event) => {
    return event.type === 'gate-waits' && event.waitsFor.includes('to move to https');
  });
  expect(JSON.stringify(waits)).toContain(`node ${String(process.pid)}`);
  await expectBoth(rig, fleet);
  fleet.moveToTls();
  expectExit(await running.ended, 0);
}

/** They move after the run has given up waiting. */
async function pausedAndResumed(rig: Rig, fleet: Fleet): Promise<void> {
  const held = await rig.run('run', '--yes');
  expectExit(held, 4);
  expect(held.said).toContain(`node ${String(process.pid)}`);
  await expectBoth(rig, fleet);
  fleet.moveToTls();
  expectExit(await rig.run('resume', '--yes'), 0);
}

async function expectBoth(rig: Rig, fleet: Fleet): Promise<void> {
  expect(await publishedBy(rig)).toEqual(rig.endpoints.map((url) => [url, https(url)].sort()));
  expect(fleet.acknowledged('https'), 'requests over https').toBeGreaterThan(0);
}

async function wayBack(rig: Rig): Promise<void> {
  const before = await rig.configs();
  const options = { seeds: rig.endpoints, keyPrefix: 'fleet/', access: () => accessOf(rig) };
  const fleet = startFleet({ ...options, kinds: ['http'] });
  expectExit(await rig.run('run', '--yes'), 4);
  expectExit(await rig.run('rollback', '--yes'), 0);
  const served = fleet.acknowledged('http');
  await vi.waitUntil(() => fleet.acknowledged('http') > served, { timeout: 20_000 });
  const { http } = await fleet.stop();
  expect(http.failed).toEqual([]);
  expect(await rig.configs()).toEqual(before);
  for (const url of rig.endpoints) {
    expect(await dial(url), 'http').toBe('status 200');
    expect(await dial(https(url), { ca: accessOf(rig).tls?.ca ?? '' })).not.toMatch(/^status/);
  }
}

async function story(
  rig: Rig,
  scope: Story['scope'],
  login?: GatewayAccess['login'],
): Promise<void> {
  const access = (): GatewayAccess => ({ ...accessOf(rig), login });
  const fleet = startFleet({ seeds: rig.endpoints, keyPrefix: 'fleet/', access, login });
  const previewed = await rig.run('preview', '--exit-code');
  expectExit(previewed, 10);
  expect(previewed.stdout).toContain(`node ${String(process.pid)}`);

  await (TELLS_EVERY_VERSION ? pausedAndResumed : heldUp)(rig, fleet);
  const before = fleet.acknowledged('https');
  await vi.waitUntil(() => fleet.acknowledged('https') > before, { timeout: 20_000 });
  const { http, https: secure } = await fleet.stop();
  expect([...http.failed, ...secure.failed]).toEqual([]);
  expect(http.acknowledged).toBeGreaterThan(0);
  expect(await fleet.readBack()).toEqual({
    read: http.acknowledged + secure.acknowledged,
    lost: [],
    mismatched: [],
  });

  expect(await publishedBy(rig)).toEqual(rig.endpoints.map((url) => [https(url)]));
  const { ca = '', cert, key } = access().tls ?? {};
  for (const url of rig.endpoints) {
    expect(await dial(https(url), { ca, cert, key }), 'https').toBe('status 200');
    const bare = await dial(https(url), { ca });
    if (login === undefined) expect(bare, 'without a certificate').not.toMatch(/^status/);
    expect(await dial(url), 'http').not.toBe('status 200');
  }
  await rig.expectServing(scope === 'client' ? 'http' : 'https');
  expectExit(await rig.run('verify'), 0);
  expectExit(await rig.run('preview', '--exit-code'), 0);
}

function https(url: string): string {
  return url.replace(/^http:/, 'https:');
}

/** What the run has issued to the operator. */
function accessOf(rig: Rig): GatewayAccess {
  const [ca = '', cert = '', key = ''] = ['client-ca', 'operator', 'operator-key'].map((name) =>
    readFileSync(path.join(rig.lab.dir, 'pki', `${name}.pem`), 'utf8'),
  );
  return { tls: { ca, cert, key } };
}

/** The client URLs of each member, in the order of the lab's. */
async function publishedBy(rig: Rig): Promise<readonly (readonly string[])[]> {
  const gateway = new Gateway(https(rig.endpoints[0] ?? ''), accessOf(rig));
  const answer = await gateway.call('/cluster/member/list', {}, DIAL_MS);
  gateway.close();
  const listed = answer.kind === 'answered' ? fieldOf(answer.text, 'members') : undefined;
  const members = (Array.isArray(listed) ? listed : []) as { name: string; clientURLs: string[] }[];
  return rig.lab.members.map(({ name }) => {
    return members.find((each) => each.name === name)?.clientURLs.sort() ?? [];
  });
}

interface Files {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The status of GET /version, or the reason why there was none. */
function dial(url: string, tls?: Files): Promise<string> {
  return new Promise((resolve) => {
    const options = { agent: false as const, signal: AbortSignal.timeout(DIAL_MS) };
    const request =
      tls === undefined
        ? plainGet(`${url}/version`, options)
        : tlsGet(`${url}/version`, { ...options, ...tls });
    request.once('error', (error) => {
      resolve(error.message);
    });
    request.once('response', (response) => {
      response.resume();
      resolve(`status ${String(response.statusCode)}`);
    });
  });
}

afterAll(endRigs);
