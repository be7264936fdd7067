/**
 * Goal: the documented order moves a live cluster to mutual TLS, and says the truth about it. Method: the
 * built command on three real members with clients at work; afterwards etcd itself is asked, by dials
 * of our own that are none of peershift's.
 */

import { get as plainGet } from 'node:http';
import { get as tlsGet } from 'node:https';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { countRestarts } from '../../src/lab/restart-counter.ts';
import type { CommandEnd } from '../support/command.ts';
import { type Rig, endRigs, expectExit, startRig, STORY_MS } from '../support/lab-rig.ts';

const DIAL_MS = 5000;

/** The status of GET /version on a peer port, or the reason why there was none. */
function dial(url: string, tls?: { ca: string; cert?: string; key?: string }): Promise<string> {
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

const names = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /^(ETCD_\w+)=/.exec(line)?.[1] ?? []);
const others = (text: string): readonly string[] =>
  text.split('\n').filter((line) => !line.startsWith('ETCD_'));

describe('the documented order on three members', () => {
  let rig: Rig;
  let before: Readonly<Record<string, string>>;
  let previewed: CommandEnd;
  let run: CommandEnd;
  let restarts: ReadonlyMap<string, number>;

  beforeAll(async () => {
    rig = await startRig();
    before = await rig.configs();
    previewed = await rig.run('preview', '--exit-code');
    const counter = await countRestarts(rig.lab.members);
    run = await rig.run('run', '--yes');
    restarts = await counter.stop();
  }, STORY_MS);

  afterAll(endRigs);

  it('is previewed as something to do', () => {
    expectExit(previewed, 10);
    expect(previewed.stdout).toContain('nothing has been changed');
  });

  it('ends with exit 0, every step done and five restarts', () => {
    expectExit(run, 0);
    expect(run.said).toContain('run done');
    expect(run.stderr).not.toMatch(/\bfailed\b/);
    expect([...restarts.values()].sort()).toEqual([1, 2, 2]);
  });

  it('leaves every member healthy and advertised as https alone', async () => {
    await rig.expectServing('https');
  });

  it('leaves peer ports that refuse plain http and dials without a certificate', async () => {
    for (const { name, address, folder } of rig.lab.members) {
      const [ca, cert, key] = await Promise.all(
        ['ca.pem', 'peer.pem', 'peer-key.pem'].map((file) =>
          readFile(path.join(folder, 'pki', file), 'utf8'),
        ),
      );
      const at = `${address}:2380`;
      const peer = { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
      expect(await dial(`https://${at}`, peer), `${name} to itself`).toBe('status 200');
      expect(await dial(`https://${at}`, { ca: peer.ca })).not.toMatch(/^status/);
      expect(await dial(`http://${at}`)).not.toBe('status 200');
    }
  });

  it('keeps comments, order and foreign settings of the settings files, with the original beside', async () => {
    const after = await rig.configs();
    const urls = rig.lab.members.map(({ name, address }) => `${name}=https://${address}:2380`);
    for (const { name, folder } of rig.lab.members) {
      const [was = '', is = ''] = [before[name], after[name]];
      expect(others(is)).toEqual(others(was));
      expect(names(is).filter((each) => names(was).includes(each))).toEqual(names(was));
      expect(new Set(names(is)).size, 'each name once').toBe(names(is).length);
      expect(is).toMatch(/^ETCD_INITIAL_CLUSTER_STATE="?existing"?$/m);
      const cluster = /^ETCD_INITIAL_CLUSTER="?([^"\n]*)"?$/m.exec(is)?.[1];
      expect(cluster?.split(',').sort(), `initial-cluster of ${name}`).toEqual(urls);
      const kept = (await readdir(folder)).filter((file) => file.startsWith('etcd.env.peershift-'));
      expect(kept).toHaveLength(1);
      expect(await readFile(path.join(folder, kept[0] ?? ''), 'utf8')).toBe(was);
    }
  });

  it('installs keys that only their owner reads', async () => {
    for (const { folder } of rig.lab.members) {
      const { mode } = await stat(path.join(folder, 'pki', 'peer-key.pem'));
      expect(mode & 0o777).toBe(0o600);
    }
  });

  it('is verified as mutual TLS only', async () => {
    const verified = await rig.run('verify');
    expectExit(verified, 0);
    expect(verified.stdout).toContain('mutual TLS only');
  });

  it('has nothing left to do, and does nothing when it is run again', async () => {
    expectExit(await rig.run('preview', '--exit-code'), 0);
    const facts = await rig.facts();
    const again = await rig.run('run', '--yes');
    expectExit(again, 0);
    expect(again.stdout).toContain('nothing to do');
    expect(await rig.facts()).toEqual(facts);
  });

  it('is reported and shown as done', async () => {
    const reported = await rig.run('report');
    expectExit(reported, 0);
    expect(reported.stdout).toMatch(/outcome +done/);
    const status = await rig.run('status');
    expectExit(status, 0);
    expect(status.stdout).toMatch(/stands +done/);
  });

  it('leaves no lock and loses no acknowledged write', async () => {
    expect(await rig.ownKeys()).toBe(0);
    await rig.expectNothingLost();
  });
});
