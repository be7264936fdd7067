/**
 * Goal: it is seen who speaks plain text to a client port and who speaks TLS, and a member's API stays open
 * to us while its port changes its language. Method: one real member that is restarted with other client
 * URLs, connections of this process that speak, speak once or say nothing, and packets of this machine.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent, get as plainGet } from 'node:http';
import { Agent as TlsAgent, get as tlsGet } from 'node:https';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { clientSight } from '../../src/adapters/clients/sight.ts';
import type { TlsFiles } from '../../src/adapters/etcd/endpoint.ts';
import { makeOpenFollowing } from '../../src/adapters/etcd/follow.ts';
import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import { localHost } from '../../src/adapters/local/host.ts';
import type { ClientLook } from '../../src/model/clients.ts';
import type { EtcdMember, Host } from '../../src/ports.ts';
import { value } from '../support/etcd-calls.ts';
import { type EtcdCluster, type EtcdProcess, startCluster } from '../support/etcd-process.ts';

const ADDRESS = '127.42.1.51';
const PORT = 2379;
const AT = `${ADDRESS}:${String(PORT)}`;
const [HTTP, HTTPS] = [`http://${AT}`, `https://${AT}`];
/** Three words of each of our connections, with room for a machine that crawls. */
const LOOK_MS = 1000;
const TALK_MS = 150;
const CALL_MS = 3000;
/** Every second start is such a one on a busy machine. */
const STARTS_MAX = 20;

const folder = mkdtempSync(join(tmpdir(), 'peershift-clients-'));
/** What the member is started with the next time. */
const flags: string[] = [];
let files: TlsFiles;
let cluster: EtcdCluster;
let member: EtcdProcess;

beforeAll(async () => {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const out = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=m1'];
  const names = ['-addext', `subjectAltName=IP:${ADDRESS}`];
  execFileSync('openssl', ['req', '-x509', ...key, ...out, ...names], {
    cwd: folder,
    stdio: 'pipe',
  });
  const [cert, own] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name)));
  files = { ca: cert ?? Buffer.of(), cert: cert ?? Buffer.of(), key: own ?? Buffer.of() };
  cluster = await startCluster({ addresses: [ADDRESS], flags });
  member = cluster.members[0] ?? expect.fail('there is a member');
});

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

/** With other client URLs; again while etcd, which may do so, answers plain gRPC with TLS (its PR 15509). */
async function restart(urls: readonly string[], ...more: readonly string[]): Promise<void> {
  const server = ['--cert-file', join(folder, 'cert.pem'), '--key-file', join(folder, 'key.pem')];
  const text = urls.join(',');
  const all = ['--listen-client-urls', text, '--advertise-client-urls', text, ...server, ...more];
  flags.splice(0, flags.length, ...all);
  for (let left = STARTS_MAX; left > 0; left -= 1) {
    await member.kill();
    member.spawn();
    await vi.waitUntil(() => serves(urls.at(0) ?? HTTP), { timeout: 20_000 });
    if (await serves(urls.at(-1) ?? HTTP)) return;
  }
  throw new Error(`plain gRPC is not served in ${String(STARTS_MAX)} starts`);
}

async function serves(url: string): Promise<boolean> {
  const asked = makeOpenEtcd({ callMs: CALL_MS, ...(url === HTTPS ? { tls: files } : {}) })(url);
  const status = await asked.status();
  asked.close();
  return status.ok;
}

describe('who is connected to a member that serves both schemes on one port', () => {
  const ends: (() => void)[] = [];
  /** Where those of our connections are that stay open. */
  const said = new Map<string, string>();
  let silent: Socket;

  beforeAll(async () => {
    await restart([HTTPS, HTTP]);
    const kept = { keepAlive: true, maxSockets: 1 };
    const [plain, secure] = [new Agent(kept), new TlsAgent(kept)];
    const talk = setInterval(() => {
      const inPlain = plainGet(`${HTTP}/version`, { agent: plain }, (answer) => {
        said.set('plain', placeOf(inPlain.socket));
        answer.resume();
      });
      const inTls = tlsGet(`${HTTPS}/version`, { agent: secure, ca: files.ca }, (answer) => {
        said.set('tls', placeOf(inTls.socket));
        answer.resume();
      });
      plainGet(`${HTTP}/version`, { agent: false }, (answer) => answer.resume());
    }, TALK_MS);
    silent = connect(PORT, ADDRESS);
    await once(silent, 'connect');
    said.set('unknown', placeOf(silent));
    await vi.waitUntil(() => said.size === 3);
    ends.push(
      () => {
        clearInterval(talk);
      },
      () => {
        plain.destroy();
        secure.destroy();
        silent.destroy();
      },
    );
  });

  afterAll(() => {
    for (const end of ends) end();
  });

  async function look(host: Host, own?: () => Promise<ReadonlySet<string>>): Promise<ClientLook> {
    const ports = [{ port: PORT, schemes: ['http', 'https'] as const }];
    return value(await clientSight(host, own).look({ pid: member.pid, ports, lookMs: LOOK_MS }));
  }

  it.each(['perl', 'python3'])('is told by their bytes, with %s on the host', async (program) => {
    const here = localHost('this machine');
    const other = program === 'perl' ? 'python3' : 'perl';
    const without = (word: string): string => word.replace(`command -v ${other}`, 'false');
    const host: Host = { ...here, exec: (argv, how) => here.exec(argv.map(without), how) };
    const { connections, blind } = await look(host, () => Promise.resolve(new Set()));
    expect(blind).toBeUndefined();
    const ours = new Map(connections.map((each) => [each.remote, each]));
    for (const [speaks, remote] of said) {
      const found = ours.get(remote);
      expect(found, JSON.stringify(connections)).toMatchObject({ speaks, local: AT });
      expect(found?.process).toMatch(new RegExp(` ${pid()}$`));
    }
    // Those that came and went have no other end any more.
    const gone = connections.filter(({ process: name }) => name === undefined);
    expect([...new Set(gone.map(({ speaks }) => speaks))]).toEqual(['plain']);
    // Its own gateway is connected to it, too.
    expect(connections.some(({ process: name }) => name?.startsWith('etcd '))).toBe(false);
  });

  it('does not count this very process among the clients', async () => {
    const { connections } = await look(localHost('this machine'));
    expect(connections.filter(({ process: name }) => name?.endsWith(` ${pid()}`))).toEqual([]);
  });

  it('is unknown where packets cannot be read, with the reason', async () => {
    const here = localHost('this machine');
    const without = (word: string): string =>
      word.replaceAll(/command -v (perl|python3)/g, 'false');
    const host: Host = { ...here, exec: (argv, how) => here.exec(argv.map(without), how) };
    const { connections, blind } = await look(host, () => Promise.resolve(new Set()));
    expect(blind).toBe('neither perl nor python3 is there');
    expect([...new Set(connections.map(({ speaks }) => speaks))]).toEqual(['unknown']);
  });
});

describe('a member that is followed from http to both, to https, and back', () => {
  let given: TlsFiles | undefined;
  let followed: EtcdMember;

  beforeAll(async () => {
    await restart([HTTP]);
    const options = { callMs: CALL_MS };
    const tlsFiles = (): Promise<TlsFiles | undefined> => Promise.resolve(given);
    followed = makeOpenFollowing({ options, tlsFiles, openWith: makeOpenEtcd })(HTTP);
  });

  afterAll(() => {
    followed.close();
  });

  async function answers(): Promise<void> {
    value(await followed.status());
    expect(value(await followed.health()).isHealthy).toBe(true);
    const lock = value(await followed.acquireLock('/test/lock', 'us', 30));
    if (lock.kind !== 'acquired') throw new Error('the lock is free');
    expect(value(await followed.renewLease(lock.leaseId))).toBeGreaterThan(0);
    value(await followed.releaseLock('/test/lock', lock.createRevision, lock.leaseId));
  }

  it('answers through all of it, and is never spoken to in the clear where it speaks TLS', async () => {
    const before = readFileSync(member.logFile, 'utf8').length;
    await answers();
    given = files;
    await answers();
    await restart([HTTPS, HTTP]);
    await answers();
    const ports = [{ port: PORT, schemes: ['http', 'https'] as const }];
    const sight = clientSight(localHost('this machine'), () => Promise.resolve(new Set()));
    const looked = sight.look({ pid: member.pid, ports, lookMs: LOOK_MS });
    await answers();
    const seen = value(await looked);
    expect(seen.connections.filter(({ speaks }) => speaks === 'plain')).toEqual([]);
    const auth = ['--trusted-ca-file', join(folder, 'cert.pem'), '--client-cert-auth'];
    await restart([HTTPS], ...auth);
    await answers();
    const said = readFileSync(member.logFile, 'utf8').slice(before);
    expect(said.split('\n').filter((line) => line.includes('rejected connection'))).toEqual([]);
    await restart([HTTP]);
    await answers();
  });
});

function pid(): string {
  return String(process.pid);
}

function placeOf(socket: Socket | null): string {
  return `127.0.0.1:${String(socket?.localPort)}`;
}
