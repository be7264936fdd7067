/**
 * Goal: each way in which a peer port takes or refuses a dial reads as what it is. Method: real listeners
 * on loopback in this process, and openssl's server where a TLS alert must be sent.
 */

import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makePeerDialer } from '../../../../src/adapters/peer/dialer.ts';
import { withScheme } from '../../../../src/model/url.ts';
import { makePki } from '../../../../src/adapters/pki/pki.ts';
import type { PeerAnswer, PeerFiles, PeerTarget, PeerTrouble } from '../../../../src/ports.ts';
import { type Bench, bench } from '../pki/openssl.ts';
import { ADDRESS, Servers, closedTarget, urlOf } from './servers.ts';

const DAY_MS = 86_400_000;
/** For listeners that never answer; none of the others comes near it. */
const SHORT_MS = 300;
const ETCD_ANSWER = '{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}';

const dialer = makePeerDialer();
const hasty = makePeerDialer(SHORT_MS);
/** Would outlast the test: what ends before was ended by something else than time. */
const patient = makePeerDialer(600_000);
const asEtcd: RequestListener = (request, response) => {
  response.statusCode = request.url === '/version' ? 200 : 404;
  response.end(ETCD_ANSWER);
};

let servers = new Servers();
let folder: Bench;
let own: PeerFiles;
let stranger: PeerFiles;
let uncovered: PeerFiles;
let expired: PeerFiles;
let early: PeerFiles;

interface Authority {
  readonly certificatePem: string;
  readonly keyPem: string;
}

async function madeAuthority(name: string): Promise<Authority> {
  const made = await makePki(() => Date.now() - 60 * DAY_MS, randomBytes).makeAuthority(
    name,
    'ecdsa-p256',
    365,
  );
  if (!made.ok) throw new Error(made.error.but);
  return made.value;
}

async function filesOf(
  authority: Authority,
  ipAddresses: readonly string[],
  nowMs = Date.now(),
): Promise<PeerFiles> {
  const pki = makePki(() => nowMs, randomBytes);
  const names = { commonName: 'a member', dnsNames: ['m1.example'], ipAddresses };
  const issued = await pki.issueLeaf(authority, { ...names, algorithm: 'ecdsa-p256', days: 10 });
  if (!issued.ok) throw new Error(issued.error.but);
  const { certificatePem, keyPem } = issued.value;
  return { ca: authority.certificatePem, cert: certificatePem, key: keyPem };
}

beforeAll(async () => {
  const [ours, other] = [await madeAuthority('our CA'), await madeAuthority('another CA')];
  own = await filesOf(ours, [ADDRESS]);
  uncovered = await filesOf(ours, ['10.0.0.9']);
  expired = await filesOf(ours, [ADDRESS], Date.now() - 30 * DAY_MS);
  early = await filesOf(ours, [ADDRESS], Date.now() + 30 * DAY_MS);
  stranger = { ...(await filesOf(other, [ADDRESS])), ca: ours.certificatePem };
  folder = bench();
  for (const [name, text] of Object.entries(own)) folder.put(`${name}.pem`, text as string);
});

afterAll(() => {
  folder.end();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await servers.end();
  servers = new Servers();
});

/** A listener that asks for a client certificate and lets the handler judge it. */
function asking(files = own, changes: TlsOptions = {}): TlsOptions {
  return { ...files, requestCert: true, rejectUnauthorized: false, ...changes };
}

function judging(version: string): readonly string[] {
  const files = ['-CAfile', folder.at('ca.pem'), '-cert', folder.at('cert.pem')];
  const verify = ['-Verify', '1', '-verify_return_error'];
  return [...files, '-key', folder.at('key.pem'), ...verify, `-${version}`];
}

async function answered(target: PeerTarget, files = own): Promise<PeerAnswer> {
  const answer = await dialer.dial(target, files);
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

async function troubled(target: PeerTarget, files = own, by = dialer): Promise<PeerTrouble> {
  const answer = await by.dial(target, files);
  if (answer.ok) throw new Error(`it was answered: ${JSON.stringify(answer.value)}`);
  return answer.error;
}

function because(text: string): unknown {
  return expect.stringContaining(text);
}

/** A TLS record with one fatal alert in it. */
function alertRecord(alert: number): Buffer {
  return Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, alert]);
}

describe('a dial with a leaf', () => {
  it.each(['TLSv1.3', 'TLSv1.2'] as const)('is proven by etcd behind %s', async (version) => {
    const shown: boolean[] = [];
    const options = asking(own, { minVersion: version, maxVersion: version });
    const target = await servers.https(options, (request, response) => {
      shown.push('authorized' in request.socket && request.socket.authorized === true);
      asEtcd(request, response);
    });
    const answer = await answered(target);
    expect(answer).toMatchObject({ protocol: version, version: '3.4.23' });
    const read = makePki(Date.now, randomBytes).readLeaf(own.cert, []);
    expect(answer.fingerprint).toBe(read.ok ? read.value.fingerprint : 'unreadable');
    expect(shown).toEqual([true]);
  });

  it('is no answer where nothing listens', async () => {
    expect(await troubled(await closedTarget())).toMatchObject({ kind: 'connection-refused' });
  });

  it('is no answer where the name cannot be resolved', async () => {
    const target = { url: urlOf('https://no-such-member.invalid:2380') };
    expect(await troubled(target)).toMatchObject({ kind: 'unreachable' });
  });

  it('trusts only the given CA, whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const target = await servers.https(asking(stranger), asEtcd);
    expect(await troubled(target)).toMatchObject({ kind: 'not-trusted' });
  });

  it('takes a CA for an anchor that is not self-signed, as Go does', async () => {
    const target = await servers.https(asking(), asEtcd);
    expect(await answered(target, { ...own, ca: own.cert })).toMatchObject({ version: '3.4.23' });
  });

  it('wants the host of the URL among the names of the leaf', async () => {
    const target = await servers.https(asking(uncovered), asEtcd);
    const trouble = await troubled(target);
    expect(trouble).toEqual({ kind: 'name-not-covered', because: because('10.0.0.9') });
    expect(trouble.because).toContain(ADDRESS);
  });

  it.each(['10.0.0.9', 'm1.example'])('wants %s instead when told so', async (coveredName) => {
    const target = await servers.https(asking(uncovered), asEtcd);
    expect(await answered({ ...target, coveredName })).toMatchObject({ version: '3.4.23' });
  });

  it('tells a leaf that has expired, and one that is not valid yet', async () => {
    const late = await servers.https(asking(expired), asEtcd);
    expect(await troubled(late)).toEqual({ kind: 'expired', because: because('has expired') });
    const soon = await servers.https(asking(early), asEtcd);
    expect(await troubled(soon)).toEqual({ kind: 'expired', because: because('not valid yet') });
  });

  it.each(['tls1_3', 'tls1_2'])('tells the alert that refuses its leaf in %s', async (version) => {
    const target = await servers.openssl(...judging(version));
    expect(await troubled(target, stranger)).toEqual({
      kind: 'client-rejected',
      because: because('"unknown certificate authority" (48)'),
    });
  });

  it('names the source address when the listener only closes after the handshake', async () => {
    const target = await servers.tls(asking(), (socket) => socket.end());
    expect(await troubled(target)).toEqual({
      kind: 'client-rejected',
      because: because('do not cover the address that the dial comes from'),
    });
  });

  it('tells a listener that closes in the handshake from one that never said a word', async () => {
    const dumb = await servers.plain((socket) => socket.once('data', () => socket.end()));
    expect(await troubled(dumb)).toEqual({
      kind: 'closed',
      because: because('without sending a byte'),
    });
  });

  it('tells a listener that speaks plain http', async () => {
    expect(await troubled(await servers.http(asEtcd))).toMatchObject({ kind: 'spoke-http' });
  });

  it('ends in time before the handshake and after it', async () => {
    const mute = await servers.plain(() => undefined);
    expect(await troubled(mute, own, hasty)).toEqual({
      kind: 'timeout',
      because: because('accepted TCP'),
    });
    const idle = await servers.tls(asking(), () => undefined);
    expect(await troubled(idle, own, hasty)).toEqual({
      kind: 'timeout',
      because: because('no HTTP answer'),
    });
  });

  it('reads no more of a strange answer than it needs', async () => {
    const target = await servers.https(asking(), (_request, response) => {
      const pour = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', pour);
      pour();
    });
    const trouble = await troubled(target, own, patient);
    expect(trouble).toEqual({ kind: 'not-etcd', because: because('HTTP 200 "xxx') });
    expect(trouble.because.length).toBeLessThan(200);
  });

  it('does not take the right words with a wrong status for etcd', async () => {
    const target = await servers.https(asking(), (_request, response) => {
      response.writeHead(503).end(ETCD_ANSWER);
    });
    expect(await troubled(target)).toMatchObject({ kind: 'not-etcd' });
  });

  it('says which file cannot be used, without a word of it', async () => {
    const target = await closedTarget();
    const mixed = { ...own, key: stranger.key };
    const trouble = await troubled(target, mixed);
    expect(trouble).toMatchObject({ kind: 'unusable-files' });
    expect(trouble.because).not.toContain('BEGIN');
    expect(await troubled(target, { ...own, ca: '' })).toEqual({
      kind: 'unusable-files',
      because: because('CA file'),
    });
    expect(await troubled(target, { ...own, cert: '' })).toEqual({
      kind: 'unusable-files',
      because: because('leaf file'),
    });
  });
});

describe('a dial without a leaf', () => {
  it.each(['TLSv1.3', 'TLSv1.2'] as const)(
    'is accepted only by an answer in %s',
    async (version) => {
      const options = { ...own, minVersion: version, maxVersion: version };
      const target = await servers.https(options, asEtcd);
      expect(await dialer.dialWithoutLeaf(target, own.ca)).toEqual({
        result: 'accepted',
        because: because(`${version} without a client certificate`),
      });
    },
  );

  it('counts any HTTP answer, even an error', async () => {
    const target = await servers.https({ ...own }, (_request, response) => {
      response.writeHead(404).end('no');
    });
    expect(await dialer.dialWithoutLeaf(target, own.ca)).toMatchObject({ result: 'accepted' });
  });

  it.each([
    ['tls1_3', '"certificate required" (116)'],
    ['tls1_2', '"handshake failure" (40)'],
  ])('is refused by an alert in %s', async (version, alert) => {
    const target = await servers.openssl(...judging(version));
    expect(await dialer.dialWithoutLeaf(target, own.ca)).toEqual({
      result: 'refused',
      because: because(alert),
    });
  });

  it.each([42, 46, 48, 116])('is refused by alert %i', async (alert) => {
    const target = await servers.plain((socket) => {
      socket.once('data', () => socket.end(alertRecord(alert)));
    });
    expect(await dialer.dialWithoutLeaf(target, own.ca)).toMatchObject({ result: 'refused' });
  });

  it('is not decided by an alert that is about something else', async () => {
    const target = await servers.plain((socket) => {
      socket.once('data', () => socket.end(alertRecord(70)));
    });
    expect(await dialer.dialWithoutLeaf(target, own.ca)).toMatchObject({ result: 'unknown' });
  });

  it('is refused when the listener closes or resets after the handshake', async () => {
    const closing = await servers.tls({ ...own }, (socket) => socket.end());
    expect(await dialer.dialWithoutLeaf(closing, own.ca)).toMatchObject({ result: 'refused' });
    const resetting = await servers.tls({ ...own }, () => {
      servers.reset();
    });
    expect(await dialer.dialWithoutLeaf(resetting, own.ca)).toMatchObject({ result: 'refused' });
  });

  it('counts as accepted where plain http is spoken', async () => {
    const target = await servers.http(asEtcd);
    expect(await dialer.dialWithoutLeaf(target, own.ca)).toEqual({
      result: 'accepted',
      because: because('asks nobody for a certificate'),
    });
  });

  it('decides nothing where the server was not asked or did not answer', async () => {
    const silent = await servers.tls({ ...own }, () => undefined);
    const untrusted = await servers.https({ ...stranger }, asEtcd);
    const wordless = await servers.plain((socket) => socket.once('data', () => socket.end()));
    const gone = await closedTarget();
    for (const target of [silent, untrusted, wordless, gone]) {
      expect(await hasty.dialWithoutLeaf(target, own.ca)).toMatchObject({ result: 'unknown' });
    }
    expect(await dialer.dialWithoutLeaf(untrusted, '')).toEqual({
      result: 'unknown',
      because: because('no CA'),
    });
  });
});

describe('a page of a peer port', () => {
  const asPeer: RequestListener = (request, response) => {
    if (request.url === '/members') response.setHeader('X-Etcd-Cluster-ID', 'cdf818194e3a8c32');
    response.statusCode = request.url === '/raft/probing' ? 404 : 200;
    response.end(request.url);
  };
  const inTheClear = ({ url }: PeerTarget): PeerTarget => ({ url: withScheme(url, 'http') });

  it('comes with its status and cluster, in the clear or over TLS', async () => {
    const plain = inTheClear(await servers.http(asPeer));
    expect(await dialer.get(plain, undefined, '/members')).toEqual({
      ok: true,
      value: { statusCode: 200, body: '/members', clusterId: 'cdf818194e3a8c32' },
    });
    expect(await dialer.get(plain, undefined, '/raft/probing')).toMatchObject({
      value: { statusCode: 404, clusterId: undefined },
    });
    const secure = await servers.https(asking(), asPeer);
    expect(await dialer.get(secure, own, '/version')).toMatchObject({
      value: { statusCode: 200, body: '/version' },
    });
  });

  it('does not come without files, or from nobody', async () => {
    const secure = await servers.https(asking(), asPeer);
    const bare = await dialer.get(secure, undefined, '/version');
    expect(bare).toMatchObject({ ok: false, error: { kind: 'unusable-files' } });
    const silent = inTheClear(await servers.plain(() => undefined));
    const late = await hasty.get(silent, undefined, '/version');
    expect(late).toMatchObject({ ok: false, error: { kind: 'timeout' } });
  });
});

describe('a plain http dial', () => {
  it('is accepted by what answers as etcd does', async () => {
    expect(await dialer.dialPlain(await servers.http(asEtcd))).toEqual({
      result: 'accepted',
      because: because('etcd 3.4.23'),
    });
  });

  it('is refused by a TLS listener', async () => {
    const target = await servers.https(asking(), asEtcd);
    expect(await dialer.dialPlain(target)).toMatchObject({ result: 'refused' });
  });

  it.each([
    ['only closes, as etcd does', ''],
    [
      'says so, as Go does',
      'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
    ],
  ])('is refused by a listener that %s', async (_how, answer) => {
    const target = await servers.plain((socket) => socket.once('data', () => socket.end(answer)));
    expect(await dialer.dialPlain(target)).toMatchObject({ result: 'refused' });
  });

  it('is refused by a TLS alert', async () => {
    const target = await servers.plain((socket) => {
      socket.once('data', () => socket.end(alertRecord(10)));
    });
    expect(await dialer.dialPlain(target)).toEqual({
      result: 'refused',
      because: because('TLS alert'),
    });
  });

  it('decides nothing by silence, a strange answer, other bytes or a closed port', async () => {
    const silent = await servers.plain(() => undefined);
    const proxy = await servers.http((_request, response) => response.writeHead(502).end('sorry'));
    const shell = await servers.plain((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const gone = await closedTarget();
    for (const target of [silent, proxy, shell, gone]) {
      expect(await hasty.dialPlain(target)).toMatchObject({ result: 'unknown' });
    }
  });

  it('ends in time when an answer trickles in for ever', async () => {
    const target = await servers.plain((socket) => {
      const timer = setInterval(() => socket.write('x'), 20);
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    expect(await hasty.dialPlain(target)).toEqual({
      result: 'unknown',
      because: because(`within ${String(SHORT_MS)} ms`),
    });
  });
});
