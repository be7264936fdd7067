/**
 * Goal: a member is asked in the language that its port speaks, and no change goes twice. Method: doors of
 * our own behind the follower, and real ports of this process that speak TLS, plain text or nothing.
 */

import { type AddressInfo, type Server, createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';

import { makeOpenFollowing } from '../../../../src/adapters/etcd/follow.ts';
import { speechIn } from '../../../../src/adapters/etcd/speech.ts';
import type { TlsFiles } from '../../../../src/adapters/etcd/endpoint.ts';
import { type Result, err, ok } from '../../../../src/base/result.ts';
import type { Failure } from '../../../../src/model/failure.ts';
import type { EtcdMember } from '../../../../src/ports.ts';
import { value } from '../../../support/etcd-calls.ts';

const FILES: TlsFiles = { ca: Buffer.from('none') };
const ALERT = Buffer.from([0x15, 3, 1, 0, 2, 2, 40]);

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A port that answers whatever comes with these bytes, and ends. */
async function portSaying(bytes: () => Buffer): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.end(bytes());
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const HTTP = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
const GONE: Failure = {
  code: 'ENDPOINT_UNREACHABLE',
  where: 'here',
  would: 'ask',
  but: 'it is gone',
  so: 'nothing',
  remedy: 'wait',
};

function follow(
  at: string,
  say: (url: string) => Result<string, Failure>,
  files: () => TlsFiles | undefined = () => FILES,
): { member: EtcdMember; urls: string[]; closed: string[] } {
  const [urls, closed]: [string[], string[]] = [[], []];
  const ask = (url: string): Promise<Result<string, Failure>> => {
    urls.push(url);
    return Promise.resolve(say(url));
  };
  const open = (url: string): EtcdMember =>
    ({
      endpoint: url,
      revision: () => ask(url),
      acquireLock: () => ask(url),
      close: () => closed.push(url),
    }) as unknown as EtcdMember;
  const tlsFiles = (): Promise<TlsFiles | undefined> => Promise.resolve(files());
  const openWith = (): typeof open => open;
  const member = makeOpenFollowing({ options: { callMs: 1000 }, tlsFiles, openWith })(
    `http://${at}`,
  );
  return { member, urls, closed };
}

describe('a member that is followed', () => {
  it('is asked over https where its port speaks TLS, whatever the URL says', async () => {
    const at = await portSaying(() => ALERT);
    const { member, urls } = follow(at, ok);
    value(await member.revision());
    expect(urls).toEqual([`https://${at}`]);
  });

  it('is asked over http where its port speaks nothing else, and where there are no files yet', async () => {
    const at = await portSaying(() => HTTP);
    const plain = follow(at, ok);
    value(await plain.member.revision());
    expect(plain.urls).toEqual([`http://${at}`]);
    const early = follow(await portSaying(() => ALERT), ok, () => undefined);
    value(await early.member.revision());
    expect(early.urls[0]).toMatch(/^http:/);
  });

  it('is asked once more where it has gone, and its old connection is let go', async () => {
    let said = HTTP;
    const at = await portSaying(() => said);
    const { member, urls, closed } = follow(at, (url) => {
      said = ALERT;
      return url.startsWith('https') ? ok(url) : err(GONE);
    });
    value(await member.revision());
    expect(urls).toEqual([`http://${at}`, `https://${at}`]);
    expect(closed).toEqual([`http://${at}`]);
  });

  it('is never sent the taking of a lock twice', async () => {
    let said = HTTP;
    const at = await portSaying(() => said);
    const { member, urls } = follow(at, () => {
      said = ALERT;
      return err(GONE);
    });
    expect((await member.acquireLock('key', 'us', 1)).ok).toBe(false);
    expect(urls).toEqual([`http://${at}`]);
  });

  it('keeps its language while nobody is there to tell', async () => {
    const at = await portSaying(() => ALERT);
    const { member, urls } = follow(at, (url) => (urls.length > 1 ? err(GONE) : ok(url)));
    value(await member.revision());
    servers[0]?.close();
    expect((await member.revision()).ok).toBe(false);
    expect((await member.revision()).ok).toBe(false);
    expect(urls.every((url) => url.startsWith('https'))).toBe(true);
  });
});

it.each([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'http'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'https'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'https'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'https'],
  ['CERT_HAS_EXPIRED', 'https'],
  ['ECONNREFUSED', 'unknown'],
  ['ECONNRESET', 'unknown'],
])('the error %s of a handshake says %s', (code, speech) => {
  expect(speechIn(Object.assign(new Error('x'), { code }))).toBe(speech);
});
