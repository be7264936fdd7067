/**
 * Goal: a cluster that somebody has brought to dead quorum comes back by the smallest change on hosts, with
 * every acknowledged write. Method: leaves that miss the address which members dial from, carried to the end
 * by hand on a real cluster under writers; no journal is there. RESCUES asks for more than one way into it.
 */

import { rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';

import type { Lab } from '../../src/lab/lab-folder.ts';
import { labStatus } from '../../src/lab/lab-status.ts';
import { textOfEnd } from '../support/command.ts';
import {
  authorityOf,
  byAutoTls,
  carryTrapToTheEnd,
  installed,
  listening,
  planWithAuthority,
  switched,
  urlOf,
} from '../support/dead-quorum.ts';
import { dyingAt } from '../support/death.ts';
import { value } from '../support/etcd-calls.ts';
import { ROLLING } from '../support/fault-matrix.ts';
import { type Rig, STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';
import { httpsPortOf } from '../support/live-matrix.ts';
import { type PlantedAuthority, plantAuthority } from '../support/planted-leaves.ts';
import { TELLS_EVERY_VERSION, etcdOf } from '../support/versions.ts';

const SOURCE = '127.0.0.1';
/** What `npm run soak -- rescue` asks for: "other means; dual-url on 3.5". */
const given = (process.env['RESCUES'] ?? '').split('; ');
const isAll = given.includes('other means');

async function expectDead(rig: Rig): Promise<void> {
  await vi.waitUntil(
    async () => {
      const { members } = value(await labStatus({ dir: rig.lab.dir }));
      return members.every(({ health }) => health !== 'healthy');
    },
    { timeout: 60_000, interval: 1000 },
  );
}

/** Debian's builds; undefined: the etcd of all live suites. */
const BUILDS = [
  ['3.4', undefined],
  ['3.3', 'bullseye'],
  ['3.5', 'trixie'],
] as const;

describe('a cluster in which every leaf misses the address that members dial from', () => {
  it.each(TELLS_EVERY_VERSION ? BUILDS : BUILDS.slice(0, 1))(
    'of etcd %s is refused by run, comes back by leaves signed again in place, and can be migrated from there',
    async (_version, suite) => {
      await withRig({ plan: planWithAuthority, ...(await etcdOf(suite)) }, async (rig) => {
        await carryTrapToTheEnd(rig);
        await expectDead(rig);
        const broken = await rig.facts();
        const refused = await rig.run('run', '--yes');
        expectExit(refused, 3);

        // Without the CA's key there is nothing that a machine may sign, and a person is told how to.
        const key = path.join(authorityOf(rig.lab), 'ca-key.pem');
        await rename(key, `${key}.away`);
        const told = await rig.run('rescue', '--yes');
        expectExit(told, 6);
        expect(told.stdout).toContain('openssl x509 -new -force_pubkey');
        expect((await rig.facts()).pids).toEqual(broken.pids);
        await rename(`${key}.away`, key);

        // One dies when its first intent is durable and nothing is done yet; it is begun anew.
        const environment = dyingAt(path.join(rig.base, 'death'), { side: 'after', line: 3 });
        const died = await rig.startWords(['rescue', rig.lab.planFile, '--yes'], environment).ended;
        expect(died.signal, textOfEnd(died)).toBe('SIGKILL');

        const rescued = await rig.run('rescue', '--yes');
        expectExit(rescued, 0);
        expect(rescued.stdout).toContain('quorum is back');
        const now = await rig.facts();
        expect(now.pids, 'nothing was restarted').toEqual(broken.pids);
        const changed = Object.keys(now.files).filter((file) => {
          return /^m\d\//u.test(file) && now.files[file] !== broken.files[file];
        });
        expect(changed).toEqual(
          changed.filter((file) => /\/tls\/peer\.pem(?:\.peershift-|$)/u.test(file)),
        );
        // One of them linked a majority; it was the first, and the others cost no restart.
        expect(rescued.said).toMatch(/step 1 .*quorum is back/u);
        expectExit(await rig.run('rescue', '--yes'), 0);
        expectExit(await rig.run('run', '--yes'), 0);
        await rig.expectServing('https');
        expectExit(await rig.run('verify'), 0);
        await rig.expectNothingLost();
      });
    },
    // A rescue that dies, a whole one, and a whole run; each look at dead members waits for answers.
    2 * STORY_MS,
  );
});

if (isAll)
  describe.concurrent('a rescue by other means', { timeout: 2 * STORY_MS }, () => {
    it('puts an old listener back where listeners were switched and the list was not', async () => {
      await withRig({ plan: planWithAuthority }, async (rig) => {
        await leavesThatFit(rig);
        const https = (name: string): Promise<void> =>
          listening(rig, name, [urlOf(rig, name, 'https')]);
        for (const { name } of rig.lab.members) await https(name);
        await expectDead(rig);
        const rescued = await rescuedBy(rig, 'ETCD_LISTEN_PEER_URLS');
        expect(rescued).not.toContain('takes no part');
        // The others have followed, and what it names as the next command goes through.
        await rig.expectServing('http');
        expect(rescued.replaceAll(/\s+/gu, ' ')).toMatch(
          /Next: peershift run \S+ brings every member/u,
        );
        expectExit(await rig.run('run', '--yes'), 0);
        await rig.expectServing('https');
        await rig.expectNothingLost();
        process.stdout.write('rescued: etcd 3.4, old listener\n');
      });
    });

    it('brings a bundle of CAs and restarts where each member trusts somebody else', async () => {
      await withRig({ plan: planWithAuthority }, async (rig) => {
        const other = await plantAuthority(path.join(rig.base, 'another authority'));
        const authority = await leavesThatFit(rig, other);
        await switched(rig, 'documented');
        await expectDead(rig);
        await rescuedBy(rig, 'rescue-ca.pem');
        // A member whose list nobody could read takes no part; its CA is put right by hand.
        await installed(rig, authority, 'm3');
        await listening(rig, 'm3', [urlOf(rig, 'm3', 'https')]);
        await rig.expectNothingLost();
        await rig.expectServing('https');
        process.stdout.write('rescued: etcd 3.4, bundle\n');
      });
    });

    it('takes peer-auto-tls, when it is told to, where nothing can be signed', async () => {
      await withRig({ plan: planWithAuthority }, async (rig) => {
        await carryTrapToTheEnd(rig);
        await expectDead(rig);
        await rename(path.join(authorityOf(rig.lab), 'ca-key.pem'), path.join(rig.base, 'away'));
        expectExit(await rig.run('rescue', '--yes'), 6);
        await rescuedBy(rig, 'peer-auto-tls', '--rescue-with', 'auto-tls');
        await byAutoTls(rig, 'm3');
        await rig.expectNothingLost();
        await rig.expectServing('https');
        process.stdout.write('rescued: etcd 3.4, auto-tls\n');
      });
    });
  });

/** Leaves with every name that is needed, beside the CA that the members are to trust. */
async function leavesThatFit(rig: Rig, trusted?: PlantedAuthority): Promise<PlantedAuthority> {
  const authority = await plantAuthority(authorityOf(rig.lab));
  for (const { name, address } of rig.lab.members) {
    await authority.leaf(name, [address, SOURCE]);
    await installed(rig, authority, name, trusted ?? authority);
  }
  return authority;
}

/** Quorum is back, by that means; what it said. */
async function rescuedBy(rig: Rig, means: string, ...flags: readonly string[]): Promise<string> {
  const rescued = await rig.run('rescue', '--yes', ...flags);
  expectExit(rescued, 0);
  expect(rescued.stdout).toContain('quorum is back');
  expect(rescued.stdout.replaceAll(/\s+/gu, ' ')).toContain(means);
  return rescued.stdout;
}

const traps = ROLLING.flatMap((strategy) => {
  return BUILDS.map(([version, suite]) => ({ strategy, version, suite }));
}).filter(({ strategy, version }) => given.includes(`${strategy} on ${version}`));

if (traps.length > 0)
  describe.concurrent('a cluster in the SAN trap', { timeout: STORY_MS }, () => {
    it.each(traps)('by the order of $strategy on etcd $version comes back', async (trap) => {
      const plan = (text: string, lab: Lab): string =>
        planWithAuthority(text, lab).replace('strategy: documented', `strategy: ${trap.strategy}`);
      await withRig({ plan, ...(await etcdOf(trap.suite)) }, async (rig) => {
        await carryTrapToTheEnd(rig, trap.strategy);
        await expectDead(rig);
        expectExit(await rig.run('rescue', '--yes'), 0);
        expectExit(await rig.run('run', '--yes'), 0);
        await rig.expectServing('https', httpsPortOf(trap.strategy));
        expectExit(await rig.run('verify'), 0);
        await rig.expectNothingLost();
        process.stdout.write(`rescued: etcd ${trap.version}, ${trap.strategy}\n`);
      });
    });
  });

afterAll(endRigs);
