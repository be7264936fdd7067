/** Goal: a preview knows the texts that steps will make, and writes nothing. Method: an env file on a fake host. */

import { expect, it } from 'vitest';

import { envFileConfig } from '../../../src/adapters/config/env-file.ts';
import { configEdits } from '../../../src/discover/config-edits.ts';
import { memberName } from '../../../src/model/ids.ts';
import type { Step } from '../../../src/model/step.ts';
import type { MemberDoors } from '../../../src/ports.ts';
import { FakeHost } from '../../support/fake-doors.ts';

const M1 = memberName('m1');
const PATH = '/etc/default/etcd';

function stepOf(
  flag: string,
  from: string | undefined,
  to: string,
  restoresOriginal = false,
): Step {
  const changes = [{ flag, from, to }];
  return { kind: 'configure-member', member: M1, changes, restoresOriginal } as unknown as Step;
}

function doorsOn(text: string | undefined): { host: FakeHost; doors: Map<typeof M1, MemberDoors> } {
  const host = new FakeHost('h1');
  if (text !== undefined) host.put(PATH, text);
  const config = envFileConfig(host, PATH);
  return { host, doors: new Map([[M1, { host, config } as unknown as MemberDoors]]) };
}

it('edits follow one another', async () => {
  const { host, doors } = doorsOn('# a\nETCD_NAME=m1\n');
  const steps = [stepOf('peer-key-file', undefined, '/k'), stepOf('peer-key-file', '/k', '/l')];
  const after = '# a\nETCD_NAME=m1\nETCD_PEER_KEY_FILE="/l"\n';
  expect(await configEdits(doors, steps)).toEqual([
    { member: 'm1', path: PATH, before: '# a\nETCD_NAME=m1\n', after },
  ]);
  expect(host.written).toEqual([]);
});

it('there are none for a file that is put back, cannot be read, or must not be edited', async () => {
  const step = stepOf('peer-key-file', undefined, '/k');
  const putBack = stepOf('peer-key-file', '/k', '', true);
  expect(await configEdits(doorsOn('ETCD_NAME=m1\n').doors, [putBack])).toEqual([]);
  expect(await configEdits(doorsOn(undefined).doors, [step])).toEqual([]);
  expect(await configEdits(doorsOn('ETCD_NAME="m1\n').doors, [step])).toEqual([]);
  expect(await configEdits(doorsOn('ETCD_NAME=m1\n').doors, [])).toEqual([]);
});
