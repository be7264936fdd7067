/** The client scope as planned and proven: both schemes everywhere first, http closed and certificates asked for last. */

import { describe, expect, it } from 'vitest';

import { FLAG } from '../../../src/model/settings.ts';
import { memberName } from '../../../src/model/ids.ts';
import { applyStep } from '../../../src/model/laws.ts';
import type { Rollout } from '../../../src/model/rollout.ts';
import type { World } from '../../../src/model/world.ts';
import { memberOf } from '../../../src/model/world.ts';
import { prove } from '../../../src/prove/prove.ts';
import {
  clientMaterial,
  clientSpec,
  plainClients,
  plannedClients,
  provenClients,
  wayBackOfClients,
} from '../../support/client-scope.ts';
import { withDown } from '../../support/worlds.ts';

const CLIENT = 'https://10.0.0.2:2379';

function idsOf({ steps }: Rollout): readonly string[] {
  return steps.map(({ id }) => id);
}

function after(world: World, rollout: Rollout, count: number): World {
  return rollout.steps.slice(0, count).reduce(applyStep, world);
}

describe('a rollout of the client scope', () => {
  it('serves both schemes on every member before it closes http on any, and looks before each close', () => {
    const ids = idsOf(provenClients(plainClients()).rollout);

    expect(ids.filter((id) => !id.startsWith('install'))).toEqual([
      ...['check/all', 'configure/m2', 'restart/m2', 'configure/m3', 'restart/m3'],
      ...['transfer/m2', 'configure/m1', 'restart/m1'],
      ...['clients/all', 'configure/m1/2', 'restart/m1/2', 'clients/all/2'],
      ...['configure/m3/2', 'restart/m3/2', 'clients/all/3', 'transfer/m1'],
      ...['configure/m2/2', 'restart/m2/2'],
    ]);
  });

  it('publishes https before http while both are served, and at the end https alone', () => {
    const world = plainClients();
    const { rollout, worlds } = provenClients(world);
    const both = rollout.steps.findIndex(({ id }) => id === 'restart/m2');

    expect(memberOf(worlds[both + 1] ?? world, 'm2').process?.client).toMatchObject({
      listen: [CLIENT, 'http://10.0.0.2:2379'],
      advertise: [CLIENT, 'http://10.0.0.2:2379'],
      trustedCaFile: undefined,
      hasClientCertAuth: false,
    });
    expect(memberOf(worlds.at(-1) ?? world, 'm2').process?.client).toMatchObject({
      listen: [CLIENT],
      advertise: [CLIENT],
      trustedCaFile: '/etc/etcd/pki/client-ca.pem',
      hasClientCertAuth: true,
    });
  });

  it('asks for no certificate where the plan does not, and then installs no CA', () => {
    const world = plainClients();
    const desired = clientSpec(world);
    const clients = { ...desired.clients, certAuth: false } as typeof desired.clients;
    const { rollout, worlds } = provenClients(world, { ...desired, ...(clients && { clients }) });
    const installed = rollout.steps.flatMap((step) =>
      step.kind === 'install-certificates' ? step.files.map(({ role }) => role) : [],
    );

    expect(installed).not.toContain('ca');
    expect(memberOf(worlds.at(-1) ?? world, 'm2').process?.client).toMatchObject({
      listen: [CLIENT],
      trustedCaFile: undefined,
    });
  });

  it('moves the peers first where the scope is both, and never writes client settings there', () => {
    const world = plainClients();
    const { rollout } = provenClients(world, clientSpec(world, 'peer+client'));
    const phases = [...new Set(rollout.steps.map(({ phase }) => phase))];
    const early = rollout.steps.filter(
      ({ phase }) => !['serve-both', 'close-http'].includes(phase),
    );

    expect(phases).toEqual([
      'prepare',
      'first',
      'trust',
      'members',
      'serve-both',
      'close-http',
      'record',
    ]);
    expect(
      early
        .flatMap((step) => (step.kind === 'configure-member' ? step.changes : []))
        .map(({ flag }) => flag),
    ).not.toContain(FLAG.listenClientUrls);
  });

  it('has nothing to do from its own end', () => {
    const world = plainClients();
    const end = provenClients(world).worlds.at(-1) ?? world;
    const again = plannedClients(end);

    expect(again.ok && idsOf(again.value)).toEqual([]);
  });

  it('goes on from wherever it was stopped, and ends the same', () => {
    const world = plainClients();
    const { rollout, worlds } = provenClients(world);
    const end = worlds.at(-1) ?? world;
    for (let count = 0; count < rollout.steps.length; count += 1) {
      const rest = provenClients(after(world, rollout, count));
      for (const { name } of world.members) {
        const [there, wanted] = [rest.worlds.at(-1) ?? world, end].map((each) =>
          memberOf(each, name),
        );
        expect(there?.process?.client, `after ${String(count)} steps`).toEqual(
          wanted?.process?.client,
        );
      }
    }
  });
});

describe('the way back of the client scope', () => {
  it.each(['client', 'peer+client'] as const)(
    'is proven from every step of scope %s and ends as it began',
    (scope) => {
      const world = plainClients();
      const desired = clientSpec(world, scope);
      const { rollout } = provenClients(world, desired);
      for (let count = 0; count <= rollout.steps.length; count += 1) {
        const back = wayBackOfClients(world, after(world, rollout, count), desired);
        const proven = back.ok ? prove(back.value, { accept: [], rollbackFrom: undefined }) : back;
        expect(proven.ok, `after ${String(count)} steps`).toBe(true);
        if (!proven.ok || !('worlds' in proven.value)) continue;
        const end = proven.value.worlds.at(-1) ?? world;
        for (const { name } of world.members) {
          expect(memberOf(end, name).disk.settings).toEqual(memberOf(world, name).disk.settings);
        }
      }
    },
  );

  it('opens http again on every closed member before any goes back to http alone', () => {
    const world = plainClients();
    const end = provenClients(world).worlds.at(-1) ?? world;
    const back = wayBackOfClients(world, end);
    const phases = back.ok ? back.value.steps.map(({ phase }) => phase) : [];

    expect(phases.lastIndexOf('close-http')).toBeLessThan(phases.indexOf('serve-both'));
    expect(
      back.ok &&
        back.value.steps.filter(
          (step) => step.kind === 'configure-member' && step.restoresOriginal,
        ),
    ).toHaveLength(3);
  });

  it.each([
    ['closed, and never failed', [], 'https://10.0.0.2:2379,http://10.0.0.2:2379'],
    ['closed, and failed to start so', ['m2'], 'https://10.0.0.2:2379,http://10.0.0.2:2379'],
  ] as const)('brings a member that is down and was %s back to both', (_what, failed, listen) => {
    const world = plainClients();
    const { rollout } = provenClients(world);
    const at = rollout.steps.findIndex(({ id }) => id === 'restart/m2/2');
    const down = withDown(after(world, rollout, at), 'm2');
    const back = wayBackOfClients(world, down, clientSpec(world), failed.map(memberName));
    const [first, second] = back.ok ? back.value.steps : [];

    expect(first?.kind === 'configure-member' && first.changes).toContainEqual(
      expect.objectContaining({ flag: FLAG.listenClientUrls, to: listen }),
    );
    expect(second?.kind).toBe('start-member');
  });
});

describe('a client side that cannot be moved as it is', () => {
  it.each([
    [{ [FLAG.advertiseClientUrls]: undefined }, 'its configuration has no advertise-client-urls'],
    [{ [FLAG.listenClientUrls]: 'unix:///run/etcd' }, 'not all of it is of the form'],
  ])('is refused by name: %o', (changes, but) => {
    const world = plainClients();
    const members = world.members.map((member) => {
      const settings = Object.fromEntries(
        Object.entries({ ...member.disk.settings, ...changes }).filter(
          ([, value]) => value !== undefined,
        ),
      ) as Record<string, string>;
      return { ...member, disk: { ...member.disk, settings } };
    });
    const planned = plannedClients({ ...world, members });

    expect(planned.ok).toBe(false);
    expect(planned.ok ? '' : planned.error[0]?.code).toBe('CLIENT_SIDE_UNUSABLE');
    expect(planned.ok ? '' : planned.error[0]?.but).toContain(but);
  });
});

describe('a certificate that clients would not take', () => {
  it.each([
    [{ ipAddresses: ['10.9.9.9'] }, 'it does not name 10.0.0.1'],
    [{ clientAuth: false }, "it may not dial (clientAuth), which etcd's own gateway does"],
    [{ serverAuth: false }, 'it may not serve (serverAuth)'],
    [{ trustedBy: [] }, 'does not verify it'],
    [{ notAfterMs: 0 }, 'it ended at 1970-01-01'],
  ])('is refused before anything is touched: %o', (changes, but) => {
    const world = plainClients();
    const material = clientMaterial(world);
    const leaves = Object.fromEntries(
      Object.entries(material.leaves).map(([name, each]) => {
        return [name, { ...each, leaf: { ...each.leaf, ...changes } }];
      }),
    );
    const planned = plannedClients(world, clientSpec(world), { ...material, leaves });

    expect(planned.ok ? '' : planned.error[0]?.code).toBe('CERTIFICATE_UNUSABLE');
    expect(planned.ok ? '' : planned.error[0]?.but).toContain(but);
  });
});

it('a certificate that clients are shown already is replaced by no other one', () => {
  const world = plainClients();
  const { worlds } = provenClients(world);
  const half = worlds.at(-4) ?? world;
  const material = clientMaterial(world);
  const leaves = Object.fromEntries(
    Object.entries(material.leaves).map(([name, each]) => {
      return [name, { ...each, leaf: { ...each.leaf, fingerprint: 'another' } }];
    }),
  );
  const planned = plannedClients(half, clientSpec(half), { ...material, leaves });

  expect(planned.ok ? '' : planned.error[0]?.but).toContain('to clients already');
});
