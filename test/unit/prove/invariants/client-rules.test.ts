/** The rules of the client side: each alone stands between a bad rollout and the clients. */

import { expect, it } from 'vitest';

import type { Rollout } from '../../../../src/model/rollout.ts';
import { FLAG, type SettingChange } from '../../../../src/model/settings.ts';
import type { Step } from '../../../../src/model/step.ts';
import { prove } from '../../../../src/prove/prove.ts';
import { INVARIANTS } from '../../../../src/prove/rules.ts';
import { plainClients, provenClients } from '../../../support/client-scope.ts';

const { rollout } = provenClients(plainClients());

/** The first restart of a member that serves both is to load these instead. */
function withChanges(id: string, edit: (change: SettingChange) => SettingChange[]): Rollout {
  const steps = rollout.steps.map((step): Step => {
    if (step.id !== id || step.kind !== 'configure-member') return step;
    return { ...step, changes: step.changes.flatMap(edit) };
  });
  return { ...rollout, steps };
}

/** Without the steps that make m3 serve both. */
function closedTooEarly(): Rollout {
  const late = ['configure/m3', 'restart/m3'];
  return { ...rollout, steps: rollout.steps.filter(({ id }) => !late.includes(id)) };
}

const BAD: readonly (readonly [string, Rollout])[] = [
  [
    'client-served',
    withChanges('configure/m2', (change) => {
      return change.flag === FLAG.listenClientUrls ? [] : [change];
    }),
  ],
  ['client-close', closedTooEarly()],
  [
    'client-certs',
    withChanges('configure/m2', (change) => {
      const demand = { flag: FLAG.clientCertAuth, from: undefined, to: 'true' };
      return change.flag === FLAG.listenClientUrls ? [change, demand] : [change];
    }),
  ],
];

it.each(BAD)('%s refuses what the other rules let pass', (name, bad) => {
  const options = { accept: [], rollbackFrom: undefined };
  const proven = prove(bad, options);
  const others = prove(bad, { ...options, invariants: INVARIANTS });

  expect(proven.ok ? '' : proven.error.but).toContain(`(rule ${name})`);
  expect(others.ok ? '' : others.error.but).not.toContain(`(rule ${name})`);
});
