/**
 * Goal: with `memberApi: etcdctl` the same run is carried out by the etcdctl of a member's host, with no
 * secret where others can read it. Method: the built command on real members, with a gRPC client that
 * cannot be loaded and an etcdctl that writes down what it is called with; then the door itself, with
 * client certificates and a login.
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeOpenEtcdctl } from '../../src/adapters/etcd/etcdctl/open.ts';
import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import { localHost } from '../../src/adapters/local/host.ts';
import { fetchDebianEtcd } from '../../src/lab/etcd-binary.ts';
import { cacheFolders, firstWritable } from '../../src/lab/etcd-cache.ts';
import { parsePeerUrl } from '../../src/model/url.ts';
import type { EtcdMember } from '../../src/ports.ts';
import { value } from '../support/etcd-calls.ts';
import { type EtcdCluster, startCluster } from '../support/etcd-process.ts';
import { STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';
import { startSshRig } from '../support/ssh-rig.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

const SUITES = [
  { suite: 'bookworm', version: '3.4' },
  { suite: 'bullseye', version: '3.3' },
  { suite: 'forky', version: '3.5' },
] as const;
const FETCH_MS = 300_000;
const DOOR_MS = 60_000;

let folder = '';

async function binaries(suite: (typeof SUITES)[number]['suite']): Promise<string> {
  const cache = await firstWritable(cacheFolders(process.env, undefined, folder));
  return path.dirname(value(await fetchDebianEtcd(suite, cache ?? folder)).path);
}

/** The etcdctl in `bin`, which first writes down its own words and those of the shell around it. */
function notedEtcdctl(
  within: string,
  bin: string,
): { readonly path: string; readonly calls: string } {
  const file = path.join(within, 'etcdctl');
  const calls = path.join(within, 'calls');
  const lines = [
    '#!/bin/sh',
    `{ printf '%s\\n' "$*"; tr '\\0' ' ' <"/proc/$PPID/cmdline"; echo; } >>'${calls}'`,
    `exec '${path.join(bin, 'etcdctl')}' "$@"`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o755 });
  return { path: file, calls };
}

/** Folders that a command has left: of TLS files, and of snapshots. */
async function leftFolders(): Promise<readonly string[]> {
  const names = await Promise.all(['/dev/shm', '/var/tmp'].map((each) => readdir(each)));
  return names.flat().filter((name) => /^peershift-(etcdctl|snapshot)-/.test(name));
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'peershift-by-ctl-'));
  await binaries('bookworm');
}, FETCH_MS);

afterAll(async () => {
  await endRigs();
  await rm(folder, { recursive: true, force: true });
});

describe('the documented order, by etcdctl alone', () => {
  it.each(TELLS_EVERY_VERSION ? SUITES : SUITES.slice(0, 1))(
    'moves three members of $version and loses no write',
    async ({ suite, version }) => {
      const bin = await binaries(suite);
      const own = await mkdtemp(path.join(folder, 'run-'));
      const ctl = notedEtcdctl(own, bin);
      const noGrpc = path.join(own, 'no-grpc.mjs');
      await writeFile(noGrpc, NO_GRPC);
      const plan = (text: string): string =>
        `${text.replace('cluster:\n', `cluster:\n  etcdctl: ${ctl.path}\n`)}memberApi: etcdctl\n`;
      await withRig({ plan, etcd: path.join(bin, 'etcd') }, async (rig) => {
        const environment = { NODE_OPTIONS: `--import=${noGrpc}` };
        const command = (...words: string[]): ReturnType<typeof rig.run> =>
          rig.startWords([...words, rig.lab.planFile], environment).ended;
        const run = await command('run', '--yes');
        expectExit(run, 0);
        expectExit(await command('verify'), 0);
        await rig.expectServing('https');
        const calls = await readFile(ctl.calls, 'utf8');
        for (const word of WORDS) expect(calls).toContain(` ${word}`);
        const byGrpc = await rig.planFile('grpc.yaml', (text) =>
          text.replace(/^ {2}etcdctl: .*\n/m, '').replace('memberApi: etcdctl', 'memberApi: grpc'),
        );
        const other = await rig.startWords(['status', byGrpc], environment).ended;
        expect(other.said, 'the gRPC client cannot be loaded').toContain(
          'the gRPC client is loaded',
        );
        expect(await rig.ownKeys(), 'keys of peershift in the cluster').toBe(0);
        await rig.expectNothingLost();
        const seen = calls.split('\n').filter((line) => line.startsWith('--endpoints')).length;
        process.stdout.write(
          `etcdctl ${version}: run in ${String(Math.round(run.tookMs / 1000))} s, ${String(seen)} commands\n`,
        );
      });
      expect(await leftFolders()).toEqual([]);
    },
    STORY_MS,
  );

  it.each(TELLS_EVERY_VERSION ? ['its machine'] : [])(
    'moves three members behind ssh by the etcdctl of %s',
    async () => {
      const bin = await binaries('bookworm');
      const plan = (text: string): string =>
        `${text.replace('cluster:\n', `cluster:\n  etcdctl: ${path.join(bin, 'etcdctl')}\n`)}memberApi: etcdctl\n`;
      const { rig } = await startSshRig({ plan, etcd: path.join(bin, 'etcd') });
      expectExit(await rig.run('run', '--yes'), 0);
      await rig.expectServing('https');
      await rig.expectNothingLost();
      expect(await leftFolders()).toEqual([]);
    },
    STORY_MS,
  );
});

/** What the run has etcdctl do. */
const WORDS: readonly string[] = [
  ...['member list', 'member update', 'move-leader', 'endpoint status', 'endpoint health'],
  ...[
    'endpoint hashkv',
    'alarm list',
    'snapshot save',
    'lease grant',
    'lease revoke',
    'txn',
    'get',
  ],
];

/** Node fails whoever asks for the gRPC client. */
const NO_GRPC = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`
export async function resolve(name, context, next) {
  if (name === 'etcd3' || name.startsWith('@grpc/')) throw new Error('the gRPC client is loaded');
  return next(name, context);
}\`));
`;

describe('the door, with client certificates and a login', () => {
  const ROOT = { username: 'root', password: 'correct "horse: $HOME' };
  const KEY = '/peershift/test/lock';
  let cluster: EtcdCluster;
  let calls = '';
  let direct: EtcdMember;
  let root: EtcdMember;
  let guest: EtcdMember;

  beforeAll(async () => {
    const bin = await binaries('bookworm');
    const files = makeCertificates(folder);
    const tls = {
      ca: await readFile(files.ca),
      cert: await readFile(files.client),
      key: await readFile(files.clientKey),
    };
    const serverFlags = [
      ...['--cert-file', files.server, '--key-file', files.serverKey],
      ...['--trusted-ca-file', files.ca, '--client-cert-auth'],
    ];
    cluster = await startCluster({ addresses: ['127.92.2.1'], clientTls: { serverFlags, ...tls } });
    const url = cluster.members[0]?.clientUrl ?? '';
    const ctl = notedEtcdctl(folder, bin);
    calls = ctl.calls;
    const host = localHost('m1');
    const open = (auth: typeof ROOT | undefined): EtcdMember => {
      const options = { tls, callMs: 5000, ...(auth === undefined ? {} : { auth }) };
      const plain = makeOpenEtcd(options);
      return makeOpenEtcdctl({
        ...options,
        etcdctl: ctl.path,
        hostOf: () => host,
        direct: plain,
      })(url);
    };
    const ctlEnvironment = {
      PATH: process.env['PATH'] ?? '',
      ETCDCTL_API: '3',
      ...{ ETCDCTL_CACERT: files.ca, ETCDCTL_CERT: files.client, ETCDCTL_KEY: files.clientKey },
    };
    const byHand = (...words: readonly string[]): void => {
      execFileSync(path.join(bin, 'etcdctl'), [`--endpoints=${url}`, ...words], {
        env: ctlEnvironment,
        stdio: 'pipe',
      });
    };
    byHand('user', 'add', '--interactive=false', `root:${ROOT.password}`);
    byHand('user', 'grant-role', 'root', 'root');
    byHand('auth', 'enable');
    direct = makeOpenEtcd({ tls, callMs: 5000, auth: ROOT })(url);
    root = open(ROOT);
    guest = open(undefined);
  }, DOOR_MS);

  afterAll(async () => {
    for (const member of [direct, root, guest]) member.close();
    await cluster.stop();
  });

  it('tells the same as the gRPC client does', async () => {
    expect(value(await root.members())).toEqual(value(await direct.members()));
    const { raftIndex, appliedIndex, raftTerm, ...status } = value(await root.status());
    const told = value(await direct.status());
    expect({ ...told, ...status }).toEqual(told);
    expect([raftIndex >= appliedIndex, raftTerm]).toEqual([true, told.raftTerm]);
    expect(value(await root.alarms())).toEqual(value(await direct.alarms()));
    const revision = value(await root.revision());
    expect(revision).toBe(value(await direct.revision()));
    expect(value(await root.hashKv(revision))).toEqual(value(await direct.hashKv(revision)));
    expect(value(await root.rolesOf('root'))).toEqual(['root']);
    expect(value(await root.health())).toEqual({ isHealthy: true, reason: undefined });
  });

  it('holds a lock that each of the two ways knows of', async () => {
    const owner = 'run one of "ops"\\host #1';
    const lock = value(await root.acquireLock(KEY, owner, 60));
    if (lock.kind !== 'acquired') throw new Error(`held by ${lock.owner}`);
    expect(value(await direct.holdsLock(KEY, lock.createRevision))).toBe(true);
    expect(value(await root.holdsLock(KEY, lock.createRevision))).toBe(true);
    expect(value(await root.holdsLock(KEY, '1'))).toBe(false);
    expect(value(await root.acquireLock(KEY, 'run two', 60))).toMatchObject({
      ...{ kind: 'held', owner, leaseId: lock.leaseId, createRevision: lock.createRevision },
    });
    expect(value(await root.renewLease(lock.leaseId))).toBe(60);
    expect(value(await root.leases(5))).toEqual(value(await direct.leases(5)));
    value(await root.releaseLock(KEY, '1', '7'));
    expect(value(await root.holdsLock(KEY, lock.createRevision)), 'another revision').toBe(true);
    value(await root.releaseLock(KEY, lock.createRevision, lock.leaseId));
    expect(value(await root.holdsLock(KEY, lock.createRevision))).toBe(false);
    expect(value(await root.renewLease(lock.leaseId))).toBe(0);
  });

  it('updates a member, and says what was refused as the gRPC client does', async () => {
    const { answeredBy, members } = value(await root.members());
    const url = value(parsePeerUrl(members[0]?.peerUrls[0] ?? ''));
    value(await root.updatePeerUrls(answeredBy, [url]));
    const wrong = answeredBy.replace(/^./, (digit) => (digit === '1' ? '2' : '1'));
    for (const member of [root, direct]) {
      expect(await member.updatePeerUrls(wrong as typeof answeredBy, [url])).toMatchObject({
        error: { code: 'STEP_FAILED', so: 'the member list is as it was' },
      });
      expect(await member.moveLeader(wrong as typeof answeredBy, 3000)).toMatchObject({
        error: { code: 'STEP_FAILED', so: 'the leader is as it was' },
      });
    }
    expect(await guest.revision()).toMatchObject({
      error: { code: 'ETCD_REFUSED', remedy: expect.stringContaining('cluster.auth') as string },
    });
  });

  it('carries a whole snapshot here', async () => {
    const file = path.join(folder, 'backup.db');
    const saved = value(await root.snapshot(file));
    expect((await readFile(file)).length).toBe(saved.sizeBytes);
  });

  it('leaves no secret in a command line, and nothing on the host', async () => {
    const text = await readFile(calls, 'utf8');
    expect(text).toContain('snapshot save');
    expect(text).not.toContain('horse');
    expect(text).not.toContain('PRIVATE KEY');
    expect(await leftFolders()).toEqual([]);
  });
});

interface Files {
  readonly ca: string;
  readonly client: string;
  readonly clientKey: string;
  readonly server: string;
  readonly serverKey: string;
}

function makeCertificates(within: string): Files {
  const openssl = (...argv: readonly string[]): void => {
    execFileSync('openssl', argv, { cwd: within, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=ca');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2'];
  for (const name of ['server', 'client']) {
    const files = ['-keyout', `${name}-key.pem`, '-out', `${name}.csr`];
    openssl('req', ...key.slice(0, -2), ...files, '-subj', `/CN=${name}`);
    const extensions =
      'subjectAltName=IP:127.92.2.1,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n';
    writeFileSync(path.join(within, `${name}.ext`), extensions);
    const request = ['-req', '-in', `${name}.csr`, '-extfile', `${name}.ext`];
    openssl('x509', ...request, ...signed, '-out', `${name}.pem`);
  }
  const at = (name: string): string => path.join(within, name);
  return {
    ...{ ca: at('ca.pem'), client: at('client.pem'), clientKey: at('client-key.pem') },
    ...{ server: at('server.pem'), serverKey: at('server-key.pem') },
  };
}
