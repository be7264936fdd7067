/**
 * Goal: a plan file that nobody wrote leads to a rollout that is proven. Method: a lab whose own plan file
 * is not looked at; init, then check and preview with what it wrote.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Rig, endRigs, expectExit, startRig } from '../support/lab-rig.ts';

describe('init', () => {
  let rig: Rig;
  let file: string;

  beforeAll(async () => {
    rig = await startRig();
    file = path.join(rig.base, 'written.yaml');
  });

  afterAll(endRigs);

  function init(out: string, ...more: readonly string[]) {
    const endpoint = rig.endpoints[1] ?? '';
    return rig.startWords(['init', '--endpoint', endpoint, '--local', '--out', out, ...more]).ended;
  }

  it('writes a plan with which check passes and preview has a rollout, and changes nothing', async () => {
    const facts = await rig.facts();
    expectExit(await init(file), 0);
    const text = await readFile(file, 'utf8');
    for (const { name, folder, endpoint } of rig.lab.members) {
      expect(text).toContain(`- name: ${name}\n`);
      expect(text).toContain(`path: ${folder}/etcd.env`);
      expect(text).toContain(endpoint);
    }
    expect(text).toContain('Advised for this cluster: dual-url');
    expect(text).toMatch(/# guessed: .+\n +service:\n +manager: command\n +start: \[sh, /);
    expectExit(await rig.startWords(['check', file]).ended, 0);
    expectExit(await rig.startWords(['preview', file, '--exit-code']).ended, 10);
    await rig.expectUnchanged(facts);
  });

  it('writes the same text again, and never over a file', async () => {
    const again = path.join(rig.base, 'again.yaml');
    expectExit(await init(again), 0);
    const text = await readFile(file, 'utf8');
    expect(await readFile(again, 'utf8')).toBe(text);
    const refused = await init(file);
    expectExit(refused, 2);
    expect(refused.said).toContain('never written over');
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it.each([
    [['--ssh', 'root@10.0.0.1'], 2, '{host}'],
    [['--user', 'root'], 2, '--password-env'],
  ] as const)('refuses %s', async (words, exit, said) => {
    const local = words[0] === '--ssh' ? [] : ['--local'];
    const end = await rig.startWords([
      ...['init', '--endpoint', rig.endpoints[0] ?? '', '--out', path.join(rig.base, 'no.yaml')],
      ...[...local, ...words],
    ]).ended;
    expectExit(end, exit);
    expect(end.said).toContain(said);
  });

  it('says who does not answer, and writes nothing', async () => {
    const out = path.join(rig.base, 'none.yaml');
    const words = ['init', '--endpoint', 'http://127.0.0.1:9', '--local', '--out', out];
    expectExit(await rig.startWords(words).ended, 3);
    await expect(readFile(out, 'utf8')).rejects.toThrow();
  });
});
