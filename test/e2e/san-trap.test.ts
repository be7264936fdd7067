/**
 * Goal: leaves that miss the address a member dials from never cost the quorum, although every health
 * check stays green with them. Method: on loopback each member dials from 127.0.0.1; leaves without it
 * are given beforehand, or put on a host behind the run's back, at three moments. The stories run
 * together, each on a cluster of its own.
 */

import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import type { Lab } from '../../src/lab/lab-folder.ts';
import { type Rig, endRigs, expectExit, withRig, STORY_MS } from '../support/lab-rig.ts';
import { plantAuthority } from '../support/planted-leaves.ts';

/** What every member on loopback dials from. */
const SOURCE = '127.0.0.1';

const authorityOf = (lab: Lab): string => path.join(path.dirname(lab.dir), 'authority');

/** The CA is ours, so that a leaf of the same CA can be planted; peershift issues with it. */
function planWithOurs(text: string, lab: Lab): string {
  const at = authorityOf(lab);
  const ca = `  ca: { cert: ${at}/ca.pem, key: ${at}/ca-key.pem }`;
  return `${text.replace('  directory: ./pki', `  directory: ./pki\n${ca}`)}order: [m1, m2, m3]\n`;
}

/** Leaves from files, and source addresses as they are discovered. */
function planWithProvided(text: string, lab: Lab): string {
  const at = authorityOf(lab);
  const pki = `pki:\n  mode: provided\n  ca: { cert: ${at}/ca.pem }\n`;
  const leaf = (name: string): string =>
    `certificate: { cert: ${at}/${name}.pem, key: ${at}/${name}-key.pem }`;
  let member = '';
  return text
    .replace(/pki:\n {2}mode: issue\n {2}directory: \.\/pki\n/, pki)
    .split('\n')
    .map((line) => {
      member = /- name: (m\d)/.exec(line)?.[1] ?? member;
      return line.replace(/sourceAddresses: .*/, leaf(member));
    })
    .join('\n');
}

/** A leaf for m2 that the CA has signed and whose only name is m2's own address. */
async function plantBadLeaf(rig: Rig): Promise<void> {
  const authority = await plantAuthority(path.join(rig.base, 'authority'));
  const { address, folder } = rig.member('m2');
  await authority.leaf('bad', [address]);
  await copyFile(authority.at('bad.pem'), path.join(folder, 'bad.pem'));
  await copyFile(authority.at('bad-key.pem'), path.join(folder, 'bad-key.pem'));
}

function expectNamed(rig: Rig, said: string): void {
  const flat = said.replaceAll(/\s+/g, ' ');
  expect(flat).toContain(rig.member('m2').address);
  expect(flat).toContain(SOURCE);
}

describe.concurrent(
  'leaves without the address that members dial from',
  { timeout: STORY_MS },
  () => {
    it('are refused when they are known beforehand, with the name they have and the one they miss', async () => {
      await withRig({ plan: planWithProvided }, async (rig) => {
        const authority = await plantAuthority(path.join(rig.base, 'authority'));
        for (const { name, address } of rig.lab.members) await authority.leaf(name, [address]);
        const facts = await rig.facts();
        const end = await rig.run('run', '--yes');
        expectExit(end, 3);
        expectNamed(rig, end.stderr);
        expect(end.stderr).toMatch(/from \\ to .*m1.*m2.*m3/);
        expect(end.stderr).toMatch(/^ +m\d .*client-source/m);
        const preview = await rig.start('preview').ended;
        expect(preview.events).toContainEqual(
          expect.objectContaining({
            type: 'failure',
            failure: expect.objectContaining({
              code: 'CERTIFICATE_UNUSABLE',
              story: expect.objectContaining({ members: ['m1', 'm2', 'm3'] }) as unknown,
            }) as unknown,
          }),
        );
        expect(end.said).toMatch(/nothing (?:has been|was) changed/);
        await rig.expectUnchanged(facts);
        // The same leaves with the address are taken: it was this that was refused.
        for (const { name, address } of rig.lab.members) {
          await authority.leaf(name, [address, SOURCE]);
        }
        expectExit(await rig.run('preview', '--exit-code'), 10);
        await rig.expectNothingLost();
      });
    });

    it('stop the run at the link gate when one lands on a host at a restart, and the run goes back', async () => {
      await withRig({ plan: planWithOurs }, async (rig) => {
        await plantBadLeaf(rig);
        const before = await rig.configs();
        await rig.beforeStart(
          'm2',
          `if [ -e "$here/pki/peer.pem" ]; then
  cp "$here/bad.pem" "$here/pki/peer.pem" && cp "$here/bad-key.pem" "$here/pki/peer-key.pem"
fi`,
        );
        const end = await rig.run('run', '--yes');
        expectExit(end, 5);
        expect(end.said).toMatch(/failed +GATE_\w+ · gate after step \d+ of \d+/);
        expectNamed(rig, end.stderr.slice(end.stderr.lastIndexOf('GATE_')));
        await rig.expectServing('http');
        expect(await rig.configs()).toEqual(before);
        await rig.expectNothingLost();
      });
    });

    it('stop the run before the restart when one is swapped after it was installed', async () => {
      await withRig({ plan: planWithOurs }, async (rig) => {
        await plantBadLeaf(rig);
        const before = await rig.configs();
        const { folder } = rig.member('m2');
        const running = rig.start('run', '--yes');
        // All files are in place before the first URL changes; m1 is busy with its restart now.
        await running.intended((step) => step.kind === 'restart-member' && step.member === 'm1');
        await copyFile(path.join(folder, 'bad.pem'), path.join(folder, 'pki/peer.pem'));
        await copyFile(path.join(folder, 'bad-key.pem'), path.join(folder, 'pki/peer-key.pem'));
        const end = await running.ended;
        expectExit(end, 5);
        const failure = end.events.flatMap((each) =>
          each.type === 'failure' ? [each.failure] : [],
        );
        expect(failure).toHaveLength(1);
        expect(failure[0]).toMatchObject({ code: 'STALE_WORLD' });
        const planted = `now a leaf for ${rig.member('m2').address};`;
        expect(failure[0]?.but).toContain(`${folder}/pki/peer.pem of m2`);
        expect(failure[0]?.but).toContain(planted);
        const restarted = end.events.flatMap((each) => {
          return each.type === 'intended' && each.step.startsWith('restart/m2') ? [each.step] : [];
        });
        expect(restarted, 'm2 was never restarted with it').toEqual([]);
        await rig.expectServing('http');
        expect(await rig.configs()).toEqual(before);
        await rig.expectNothingLost();
      });
    });
  },
);

afterAll(endRigs);
