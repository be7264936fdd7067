/**
 * Goal: whatever is wrong with one link stops the run at the first gate that can show it, is named with
 * member, pair and cause, and costs neither quorum nor a write. Method: real clusters of two versions with
 * clients at work; the fault comes after the proof, with a restart, so that nothing but a gate can find it.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { CommandEnd } from '../support/command.ts';
import { value } from '../support/etcd-calls.ts';
import { endRigs, expectExit, type Rig, withRig } from '../support/lab-rig.ts';
import { type LeafKind, leafOfKind, newAuthority, type PemPair } from '../support/leaf-kinds.ts';
import { turns } from '../support/turns.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

/** A first fetch over a slow line. */
const FETCH_MS = 300_000;
/** More labs on two cores would measure the machine. */
const inTurn = turns(3);
/** All stories, three at a time; each takes one to three minutes. */
const STORIES_MS = 1_200_000;

type Fault = Exclude<LeafKind, 'good'> | 'no-leaf';

interface Told {
  readonly fault: Fault;
  /** The pair, with m2 at the fault's end. */
  readonly pair: RegExp;
  readonly cause: RegExp;
  /** Whether it is at the start with https, and not the one before with trust alone, that it comes. */
  readonly isOnHttps?: boolean;
}

const FAULTS: readonly Told[] = [
  {
    fault: 'no-source',
    pair: /m2 to m1/,
    cause:
      /m2's leaf is valid for 127\.\S+, not for 127\.0\.0\.1, the address its dials to m1 come from/,
  },
  {
    fault: 'no-host',
    pair: /m1 to m2/,
    cause: /m2's leaf is valid for 127\.0\.0\.1, not for 127\.\S+, its peer URL's host/,
    isOnHttps: true,
  },
  {
    fault: 'server-only',
    pair: /m2 to m1/,
    cause: /m2's leaf lacks clientAuth/,
  },
  {
    fault: 'other-ca',
    pair: /m2 to m1/,
    cause: /m1 has not loaded the CA of m2's leaf/,
  },
  {
    fault: 'expired',
    pair: /m2 to m1/,
    cause: /m2's leaf expired at/,
  },
  {
    fault: 'no-leaf',
    pair: /m2/,
    cause: /peer\.pem: no such file/,
  },
];

let fetched = '';
let own = '';

beforeAll(async () => {
  const cache = await firstWritable(cacheFolders(process.env, undefined, undefined));
  own = await mkdtemp(path.join(tmpdir(), 'peershift-test-'));
  fetched = value(await fetchDebianEtcd('trixie', cache ?? own)).path;
}, FETCH_MS);

afterAll(async () => {
  await endRigs();
  await rm(own, { recursive: true, force: true });
});

/** At its first restart with a leaf, or with https, m2 gets the bad one. */
async function plant(
  rig: Rig,
  { fault, isOnHttps = false }: Told,
  authorities: Authorities,
): Promise<void> {
  const { address, folder } = rig.member('m2');
  let lines = 'rm "$here/pki/peer.pem" "$here/pki/peer-key.pem"';
  if (fault !== 'no-leaf') {
    const bad = leafOfKind(fault, address, authorities);
    await writeFile(path.join(folder, 'bad.pem'), bad.certificatePem);
    await writeFile(path.join(folder, 'bad-key.pem'), bad.keyPem, { mode: 0o600 });
    lines = `cp "$here/bad.pem" "$here/pki/peer.pem" && cp "$here/bad-key.pem" "$here/pki/peer-key.pem"`;
  }
  const when = isOnHttps
    ? 'grep -q "^ETCD_LISTEN_PEER_URLS=.*https" "$here/etcd.env"'
    : '[ -e "$here/pki/peer.pem" ]';
  await rig.beforeStart('m2', `if ${when}; then ${lines}; fi`);
}

interface Authorities {
  readonly ours: PemPair;
  readonly other: PemPair;
}

/** The CA is ours, so that a leaf of the same CA can be planted; peershift issues with it. */
async function withOurs(base: string, ours: PemPair): Promise<string> {
  const [cert, key] = [path.join(base, 'ca.pem'), path.join(base, 'ca-key.pem')];
  await writeFile(cert, ours.certificatePem);
  await writeFile(key, ours.keyPem, { mode: 0o600 });
  return `  ca: { cert: ${cert}, key: ${key} }`;
}

/** What was said, and the steps that were begun before the way back. */
function toldBy(end: CommandEnd): {
  readonly failure: Failure | undefined;
  readonly begun: readonly string[];
} {
  const [failure] = end.events.flatMap((each) => (each.type === 'failure' ? [each.failure] : []));
  const turn = end.events.findIndex((each) => {
    return each.type === 'planned' && each.direction === 'rollback';
  });
  const begun = end.events.slice(0, turn).flatMap((each) => {
    return each.type === 'intended' ? [each.step] : [];
  });
  return { failure, begun };
}

async function logsOf(rig: Rig): Promise<string> {
  const logs = rig.lab.members.map(({ folder }) => {
    return readFile(path.join(folder, 'etcd.log'), 'utf8');
  });
  return (await Promise.all(logs)).join('\n');
}

async function expectFound(rig: Rig, { pair, cause }: Told): Promise<void> {
  const before = await rig.configs();
  const end = await rig.start('run', '--yes').ended;
  expectExit(end, 5);
  const { failure, begun } = toldBy(end);
  expect(failure?.but).toMatch(pair);
  expect(failure?.but).toMatch(cause);
  // Nothing was begun after the restart that brought it.
  expect(begun.at(-1)).toMatch(/^restart\/m2/);
  await expectAsBefore(rig, before);
}

async function expectAsBefore(
  rig: Rig,
  configs: Awaited<ReturnType<Rig['configs']>>,
): Promise<void> {
  await rig.expectServing('http');
  expect(await rig.configs()).toEqual(configs);
  await expectKept(rig);
}

/** A leader that cannot hear a quorum says so; no write is lost. */
async function expectKept(rig: Rig): Promise<void> {
  expect(await logsOf(rig)).not.toMatch(/since quorum is not active/);
  await rig.expectNothingLost();
}

describe.each(['3.4', '3.5'])('on etcd %s', (version) => {
  const story = (plan: (text: string) => string, tell: (rig: Rig) => Promise<void>) => {
    return inTurn(() => withRig({ plan, etcd: version === '3.5' ? fetched : undefined }, tell));
  };

  // Without EVERY_VERSION each fault is made on one of the two.
  const others = version === '3.4' ? 0 : 1;
  const told = FAULTS.filter((_, index) => TELLS_EVERY_VERSION || index % 2 === others);

  it.concurrent.each(told)(
    'a member that comes back with $fault stops the run',
    async (fault) => {
      const authorities = { ours: await newAuthority('ours'), other: await newAuthority('other') };
      const base = await mkdtemp(path.join(own, 'ca-'));
      const ca = await withOurs(base, authorities.ours);
      const plan = (text: string): string =>
        `${text.replace('  directory: ./pki', `  directory: ./pki\n${ca}`)}order: [m1, m2, m3]\n`;
      await story(plan, async (rig) => {
        await plant(rig, fault, authorities);
        await expectFound(rig, fault);
      });
    },
    STORIES_MS,
  );

  it.concurrent.each(TELLS_EVERY_VERSION || version === '3.4' ? ['m3'] : [])(
    'somebody else who advertises %s too early is found before the next step',
    async (early) => {
      const plan = (text: string): string => `${text}order: [m1, m2, m3]\n`;
      await story(plan, async (rig) => {
        const running = rig.start('run', '--yes');
        const step = await running.intended((each) => {
          return each.kind === 'restart-member' && each.member === 'm2';
        });
        await running.event((event) => event.type === 'done' && event.step === step.id);
        await advertise(rig, early, 'https');
        const end = await running.ended;
        // The list is somebody else's word: when it stays so, what remains is planned and proven from it.
        expectExit(end, 0);
        const at = end.events.findIndex((each) => {
          return each.type === 'gate' && each.verdict.kind === 'fail';
        });
        const told = JSON.stringify(end.events[at]);
        expect(told).toMatch(/m3 is advertised at https:\S+ and speaks plain http/);
        expect(told).toMatch(/m[12] logs .*tls: first record .* of its dial of m3/);
        const begun = end.events.slice(0, at).filter(({ type }) => type === 'intended');
        expect(begun.at(-1)).toMatchObject({ step: step.id });
        expect(end.events[at + 1]).toMatchObject({
          type: 'planned',
          direction: 'forward',
          because: expect.stringMatching(
            /^the list has https:\S+ for m3, expected http:/,
          ) as string,
        });
        await rig.expectServing('https');
        await expectKept(rig);
      });
    },
    STORIES_MS,
  );
});

/** As an operator would with `etcdctl member update`. */
async function advertise(rig: Rig, name: string, scheme: 'http' | 'https'): Promise<void> {
  const list = JSON.parse(await rig.call('m1', '/cluster/member/list', {})) as {
    members: readonly { ID: string; name: string }[];
  };
  const id = list.members.find((each) => each.name === name)?.ID;
  const url = `${scheme}://${rig.member(name).address}:2380`;
  await rig.call('m1', '/cluster/member/update', { ID: id, peerURLs: [url] });
}
