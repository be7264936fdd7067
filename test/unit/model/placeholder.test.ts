/** Goal: what init could not find is asked for by name. Method: a plan with the word in each place. */

import { expect, it } from 'vitest';
import { PLACEHOLDER, placeholdersOf } from '../../../src/model/placeholder.ts';
import { desiredFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

it('names each value that is still to be filled in, and nothing in a whole plan', () => {
  const desired = desiredFor(httpWorld(1));
  expect(placeholdersOf(desired)).toEqual([]);
  const [member] = desired.members;
  if (member === undefined) throw new Error('no member');
  const service = {
    manager: 'command',
    start: [PLACEHOLDER],
    stop: ['sv', 'stop', PLACEHOLDER],
    status: ['sv', 'status', 'etcd'],
    logFile: undefined,
  } as const;
  const config = { format: 'env-file', path: `/${PLACEHOLDER}` } as const;
  const open = { ...desired, members: [{ ...member, service, config }] };
  expect(placeholdersOf(open)).toEqual([
    'm1: service.start',
    'm1: service.stop',
    'm1: config.path',
  ]);
  const unit = { ...member, service: { manager: 'systemd', unit: PLACEHOLDER } as const };
  expect(placeholdersOf({ ...desired, members: [unit] })).toEqual(['m1: service.unit']);
});
