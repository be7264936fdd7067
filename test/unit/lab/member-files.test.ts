/** Goal: what the lab writes is what peershift reads. Method: its own readers, with an awkward folder. */

import { describe, expect, it } from 'vitest';
import { readEnvFile } from '../../../src/adapters/config/env-file.ts';
import { declare } from '../../../src/declare/declare.ts';
import { labOf } from '../../../src/lab/lab-folder.ts';
import { memberFiles } from '../../../src/lab/member-files.ts';
import { planText } from '../../../src/lab/plan-text.ts';
import { textOf as textOfSample } from '../../support/checkout.ts';
import { markOf } from './mark.ts';

const DIR = '/srv/it\'s a "lab" $x';

function textOf(name: string): string {
  const lab = labOf(DIR, markOf(3));
  const [first] = lab.members;
  const file = first && memberFiles(lab, first).find((each) => each.name === name);
  if (file === undefined) throw new Error(`no file ${name}`);
  return file.text;
}

describe('the env-file of a member', () => {
  it('is fit to be edited, and names every member of the cluster', () => {
    const { settings, problems } = readEnvFile(textOf('etcd.env'));
    expect(problems).toEqual([]);
    const text = JSON.stringify([...Object.values(settings)].flat());
    expect(text).toContain('http://127.64.1.11:2380');
    expect(text).toContain('m3=http://127.64.1.13:2380');
  });

  it('has no setting that would hide one of another place: every name once', () => {
    const names = [...textOf('etcd.env').matchAll(/^(ETCD_\w+)=/gm)].map((match) => match[1]);
    expect(names).toHaveLength(9);
    expect(new Set(names).size).toBe(9);
  });
});

describe('the scripts of a member', () => {
  it.each(['start.sh', 'stop.sh', 'status.sh'])('%s is a script for sh', (name) => {
    expect(textOf(name).startsWith('#!/bin/sh\n')).toBe(true);
  });

  it('hand etcd no variable of the caller but PATH and HOME', () => {
    expect(textOf('start.sh')).toContain('env -i PATH="$PATH" HOME="${HOME:-/}"');
  });
});

describe('the plan file of a lab', () => {
  const lab = labOf(DIR, markOf(3));
  const options = { baseDir: DIR, homeDir: '/home/a' };

  it('is accepted, with the folder in it as it is', () => {
    const spec = declare(planText(lab, undefined), lab.planFile, options);
    if (!spec.ok) expect.fail(JSON.stringify(spec.error));
    const { name, strategy, members, cluster, pki } = spec.value;
    expect(name).toBe('lab');
    expect(strategy).toBe('documented');
    expect(cluster.endpoints).toEqual(lab.members.map((member) => member.endpoint));
    expect(pki).toMatchObject({ mode: 'issue', directory: `${DIR}/pki` });
    expect(members.map((member) => member.name)).toEqual(['m1', 'm2', 'm3']);
    expect(members[0]).toMatchObject({
      host: { transport: 'local' },
      service: {
        manager: 'command',
        start: ['sh', `${DIR}/m1/start.sh`],
        stop: ['sh', `${DIR}/m1/stop.sh`],
        status: ['sh', `${DIR}/m1/status.sh`],
        logFile: `${DIR}/m1/etcd.log`,
      },
      config: { format: 'env-file', path: `${DIR}/m1/etcd.env` },
      tls: { directory: `${DIR}/m1/pki` },
      sourceAddresses: ['127.0.0.1'],
    });
  });

  it('is the one among the sample plans', () => {
    const sample = planText(labOf('/srv/peershift-lab', markOf(3)), './peershift.schema.json');
    expect(textOfSample('plans/01-lab.yaml')).toBe(sample);
  });

  it('leaves every gate at its default', () => {
    expect(planText(lab, undefined)).not.toMatch(/^gates:/m);
  });

  it('tells an editor where the schema is, when it is there', () => {
    const url = 'file:///opt/a%20b/peershift.schema.json';
    expect(planText(lab, url).split('\n')[0]).toBe(`# yaml-language-server: $schema=${url}`);
    expect(planText(lab, undefined)).not.toContain('$schema');
  });
});
