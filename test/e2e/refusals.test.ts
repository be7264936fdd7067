/**
 * Goal: what must not be touched is refused with its code, and is afterwards as it was. Method: one live
 * cluster, brought into each such state in turn, and a `run --yes` that would go on if it could.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { fieldOf } from '../../src/lab/gateway.ts';
import type { LabMember } from '../../src/lab/lab-folder.ts';
import { memberFiles } from '../../src/lab/member-files.ts';
import { startMember, stopMember } from '../../src/lab/member-process.ts';
import type { CommandEnd } from '../support/command.ts';
import { value } from '../support/etcd-calls.ts';
import { type Rig, endRigs, expectExit, startRig, withRig, STORY_MS } from '../support/lab-rig.ts';
import { type PlantedAuthority, plantAuthority, withLeaves } from '../support/planted-leaves.ts';

async function refused(
  rig: Rig,
  code: string,
  options: { readonly plan?: string; readonly exit?: number; readonly flags?: string[] } = {},
): Promise<CommandEnd> {
  const { plan = rig.lab.planFile, exit = 3, flags = ['--yes'] } = options;
  const facts = await rig.facts();
  const end = await rig.startWords(['run', plan, ...flags]).ended;
  expectExit(end, exit);
  expect(end.said).toContain(`refused ${code}`);
  expect(end.said).toMatch(/nothing (?:was|has been) [\w ]*changed/);
  for (const line of ['would', 'but', 'so', 'do']) {
    expect(end.stderr).toMatch(new RegExp(`^ {2}${line} +\\S`, 'm'));
  }
  await rig.expectUnchanged(facts);
  return end;
}

describe('refused before the first change', () => {
  let rig: Rig;
  let authority: PlantedAuthority;

  beforeAll(async () => {
    rig = await startRig();
    authority = await plantAuthority(path.join(rig.base, 'authority'));
    for (const { name, address } of rig.lab.members) {
      await authority.leaf(name, [address, '127.0.0.1']);
    }
  });

  afterAll(endRigs);

  const addressOf = (name: string): string => rig.member(name).address;

  it('mistakes of the plan file, all at once, each with its place', async () => {
    const plan = await rig.planFile('mistakes.yaml', (text) =>
      text.replace('strategy: documented', 'strategi: documented').replace('./pki', '[]'),
    );
    const end = await refused(rig, 'PLAN_FILE_INVALID', { plan, exit: 2 });
    expect(end.stderr.match(/mistakes\.yaml:\d+:\d+/g)).toHaveLength(2);
    expect(end.said).toContain('strategi: documented');
  });

  it.each([
    ['with a path', (address: string) => `https://${address}:2380/`],
    ['without a port', (address: string) => `https://${address}`],
    ['that is not https', (address: string) => `http://${address}:2380`],
  ])('a peer URL %s', async (_how, url) => {
    const plan = await rig.planFile('url.yaml', (text) =>
      text.replace('  - name: m2\n', `  - name: m2\n    peerUrl: ${url(addressOf('m2'))}\n`),
    );
    const end = await refused(rig, 'PLAN_FILE_INVALID', { plan, exit: 2 });
    expect(end.stderr).toMatch(/url\.yaml:\d+:\d+/);
  });

  it('a peer URL that changes more than the scheme', async () => {
    const plan = await rig.planFile('port.yaml', (text) =>
      text.replace(
        '  - name: m2\n',
        `  - name: m2\n    peerUrl: https://${addressOf('m2')}:2390\n`,
      ),
    );
    await refused(rig, 'PEER_URL_UNUSABLE', { plan });
  });

  it('a question without a terminal', async () => {
    await refused(rig, 'NO_TERMINAL', { exit: 2, flags: [] });
  });

  it('endpoints that do not answer', async () => {
    const plan = await rig.planFile('silent.yaml', (text) => text.replaceAll(':2379', ':2999'));
    const end = await refused(rig, 'ENDPOINT_UNREACHABLE', { plan });
    expect(end.stderr).toContain('2999');
  });

  it('a member that the plan file does not name', async () => {
    const plan = await rig.planFile('fewer.yaml', (text) =>
      text.replace(/ {2}- name: m3\n(?: {4}.*\n)*/, ''),
    );
    const end = await refused(rig, 'MEMBER_NOT_IN_PLAN', { plan });
    expect(end.stderr).toContain('m3');
  });

  it('a member that the cluster does not have', async () => {
    const plan = await rig.planFile('more.yaml', (text) => withMember(text, 'm4'));
    const end = await refused(rig, 'MEMBER_NOT_IN_CLUSTER', { plan });
    expect(end.stderr).toContain('m4');
  });

  it('a certificate that does not cover the URL', async () => {
    await authority.leaf('astray', ['10.9.8.7', '127.0.0.1']);
    const plan = await rig.planFile('astray.yaml', (text) =>
      withLeaves(text, authority, (name) => (name === 'm2' ? ['astray', 'astray'] : [name, name])),
    );
    const end = await refused(rig, 'CERTIFICATE_UNUSABLE', { plan });
    expect(end.stderr).toContain(addressOf('m2'));
    expect(end.stderr).toContain('10.9.8.7');
  });

  it('a key that does not fit its certificate', async () => {
    const plan = await rig.planFile('misfit.yaml', (text) =>
      withLeaves(text, authority, (name) => (name === 'm2' ? ['m2', 'm3'] : [name, name])),
    );
    const end = await refused(rig, 'CERTIFICATE_UNUSABLE', { plan });
    expect(end.stderr).toContain('m3-key.pem');
  });

  it('a member that is down', async () => {
    value(await stopMember(rig.member('m3')));
    try {
      const end = await refused(rig, 'MEMBER_DOWN');
      expect(end.said).toContain('2 of 3');
    } finally {
      value(await startMember(rig.member('m3')));
    }
  });

  it('an alarm', async () => {
    const status = await rig.call('m2', '/maintenance/status', {});
    const memberID = fieldOf(status, 'header', 'member_id');
    const alarm = (action: string): Promise<string> =>
      rig.call('m2', '/maintenance/alarm', { action, memberID, alarm: 'NOSPACE' });
    await alarm('ACTIVATE');
    try {
      const end = await refused(rig, 'ALARM_RAISED');
      expect(end.stderr).toContain('NOSPACE');
    } finally {
      await alarm('DEACTIVATE');
    }
  });

  it('a member that was added and never started, and a learner', async () => {
    const learner = learnerOf(rig);
    const peerURLs = [`http://${learner.address}:2380`];
    // etcd itself wants 5 s of connections between all members before it takes another one.
    const added = await vi.waitFor(
      () => rig.call('m1', '/cluster/member/add', { peerURLs, isLearner: true }),
      { timeout: 20_000, interval: 500 },
    );
    const ID = fieldOf(added, 'member', 'ID');
    try {
      await refused(rig, 'MEMBER_UNSTARTED');
      await startLearner(rig, learner);
      const plan = await rig.planFile('learner.yaml', (text) => withMember(text, 'm4'));
      const end = await refused(rig, 'LEARNER_PRESENT', { plan });
      expect(end.stderr).toContain('m4');
    } finally {
      value(await stopMember(learner));
      await rig.call('m1', '/cluster/member/remove', { ID });
    }
  });

  it('a second run, from this state folder or another, while the first goes on unharmed', async () => {
    const first = rig.start('run', '--yes');
    await first.intended((step) => step.kind === 'check-links');
    const same = await rig.run('run', '--yes');
    expectExit(same, 3);
    expect(same.said).toContain('refused ALREADY_RUNNING');
    const state = path.join(rig.base, 'other state');
    const other = await rig.run('run', '--yes', '--state', state);
    expectExit(other, 3);
    expect(other.said).toContain('refused ALREADY_RUNNING · cluster lock');
    const passed = await first.event((event) => event.type === 'gate');
    expect(passed).toMatchObject({ verdict: { kind: 'pass' } });
    first.kill('SIGINT');
    const end = await first.ended;
    expectExit(end, 130);
    expect(await rig.ownKeys()).toBe(0);
    await rig.expectServing('http');
  });

  it('clients lose nothing through all of it', async () => {
    await rig.expectNothingLost();
  });
});

describe.concurrent(
  'clusters that cannot be restarted without a pause',
  { timeout: STORY_MS },
  () => {
    it.each([1, 2])(
      'of %d are refused, and migrate once the pause is accepted',
      async (members) => {
        await withRig({ members }, async (rig) => {
          const end = await refused(rig, 'DOWNTIME_NOT_ACCEPTED');
          expect(end.stderr).toContain('--accept-downtime');
          expectExit(await rig.run('run', '--yes', '--accept-downtime'), 0);
          await rig.expectServing('https');
          expectExit(await rig.run('verify'), 0);
          await rig.expectNothingLost();
        });
      },
    );
  },
);

/** The block of the last member once more, under another name and address. */
function withMember(text: string, name: string): string {
  const block = / {2}- name: m3\n(?: {4}.*\n)*/.exec(text)?.[0] ?? '';
  return text.replace(block, `${block}${block.replaceAll('m3', name)}`);
}

function learnerOf(rig: Rig): LabMember {
  const address = rig.lab.mark.block.replace('0/24', '14');
  const folder = path.join(rig.lab.dir, 'm4');
  return { name: 'm4', address, endpoint: `http://${address}:2379`, folder };
}

/** With the same files as the lab's own members have. */
async function startLearner(rig: Rig, learner: LabMember): Promise<void> {
  const lab = { ...rig.lab, members: [...rig.lab.members, learner] };
  await mkdir(learner.folder);
  for (const { name, text, mode } of memberFiles(lab, learner)) {
    const joined = text.replace('STATE=new', 'STATE=existing');
    await writeFile(path.join(learner.folder, name), joined, { mode });
  }
  rig.alsoEnd(() => stopMember(learner));
  value(await startMember(learner));
  await vi.waitUntil(
    async () => (await rig.call('m1', '/cluster/member/list', {})).includes('"m4"'),
    20_000,
  );
}
