/**
 * Goal: what a person reads before the first change is kept as it is printed. Method: the built command on three real
 * members of which m2 leads; what differs from run to run becomes a name, and white space is not compared,
 * since where a line is wrapped depends on how long the folder's name is.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { fieldOf } from '../../src/lab/gateway.ts';
import { expectGoldenWords } from '../support/golden.ts';
import { type Rig, endRigs, expectExit, startRig } from '../support/lab-rig.ts';
import { plantAuthority, withLeaves } from '../support/planted-leaves.ts';

const LEADER_MS = 20_000;
const COMMAND_MS = 60_000;
const LOOK_MS = 500;

describe('before the first change, a person reads', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig();
  });

  afterAll(endRigs);

  /** What the command printed while m2 led, from its begin to its end. */
  async function recorded(exit: number, ...words: readonly string[]): Promise<string> {
    const told = await vi.waitFor(
      async () => {
        await lead(rig, 'm2');
        const end = await rig.startWords(words).ended;
        expectExit(end, exit);
        expect(await leads(rig, 'm2')).toBe(true);
        return `${end.stdout}${end.stderr}`;
      },
      { timeout: COMMAND_MS, interval: LOOK_MS },
    );
    return plain(`$ peershift ${words.join(' ')}\n${told}`, rig).trimEnd();
  }

  it('what init found out, and the plan file that it wrote', async () => {
    const endpoint = rig.endpoints[0] ?? '';
    const told = await recorded(0, 'init', '--endpoint', endpoint, '--local');
    const text = await readFile(path.join(rig.base, 'peershift.yaml'), 'utf8');
    expectGoldenWords('recordings/init.txt', `${told}\n$ cat peershift.yaml\n${plain(text, rig)}`);
  });

  it('what check has looked at', async () => {
    const told = await recorded(0, 'check', 'peershift.yaml', '--rehearse');
    expectGoldenWords('recordings/check.txt', told);
  });

  it('what preview would do: the steps, then the files and what stands around the run', async () => {
    const told = await recorded(0, 'preview', 'peershift.yaml');
    const files = told.search(/^\d+ files will be edited/mu);
    expectGoldenWords('recordings/preview.txt', told.slice(0, files).trimEnd());
    expectGoldenWords('recordings/preview-2.txt', told.slice(files));
  });

  it('why a plan is refused', async () => {
    const authority = await plantAuthority(path.join(rig.base, 'pki-of-ours'));
    for (const { name, address } of rig.lab.members) {
      await authority.leaf(name, [name === 'm2' ? '10.9.8.7' : address, '127.0.0.1']);
    }
    const plan = await rig.planFile('provided.yaml', (text) => withLeaves(text, authority));
    const told = await recorded(3, 'run', path.relative(rig.base, plan), '--yes');
    expectGoldenWords('recordings/refused.txt', told);
  });
});

/** Asks for it until this member leads. */
async function lead(rig: Rig, name: string): Promise<void> {
  await vi.waitUntil(
    async () => {
      if (await leads(rig, name)) return true;
      const { id: targetID, leader } = await seenBy(rig, name);
      for (const each of rig.lab.members) {
        if ((await seenBy(rig, each.name)).id === leader) {
          await rig.call(each.name, '/maintenance/transfer-leadership', { targetID });
        }
      }
      return leads(rig, name);
    },
    { timeout: LEADER_MS, interval: LOOK_MS },
  );
}

async function leads(rig: Rig, name: string): Promise<boolean> {
  const { id, leader } = await seenBy(rig, name);
  return id === leader;
}

async function seenBy(rig: Rig, name: string): Promise<{ id: unknown; leader: unknown }> {
  const status = await rig.call(name, '/maintenance/status', {});
  return { id: fieldOf(status, 'header', 'member_id'), leader: fieldOf(status, 'leader') };
}

/** Addresses, folders, versions and times become what they are in every recording. */
function plain(text: string, rig: Rig): string {
  const cluster = /\bcluster ([0-9a-f]{16})\b/u.exec(text)?.[1] ?? 'none';
  return text
    .replaceAll(rig.base, '/srv')
    .replaceAll(rig.lab.mark.block.replace('0/24', ''), '10.0.0.')
    .replaceAll(cluster, '211a9411d59e48f8')
    .replaceAll(/\betcd-[0-9a-f]{8}\b/gu, 'etcd-211a9411')
    .replaceAll(`etcd ${rig.lab.mark.etcd.version}`, 'etcd 3.4.23')
    .replaceAll(/\(told to \d+ ms\)/gu, '(told to 5 ms)')
    .replaceAll(/\bends \d{4}-\d\d-\d\d/gu, 'ends 2031-11-21')
    .replaceAll(/^(observed +)[\d.]+ m?s ago/gmu, '$11.4 s ago')
    .replaceAll(
      /(?<=its hash is checked, )[^]*?(?=\nalso)/gu,
      'and where etcd is on PATH it is restored',
    );
}
