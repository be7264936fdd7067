/**
 * Goal: nothing is sent twice, and a stream that falls silent ends. Method: a listener that speaks just
 * enough HTTP/2 to count requests, to break off, and to stop in the middle.
 */

import { once } from 'node:events';
import { type ServerHttp2Stream, createServer } from 'node:http2';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import { memberIdFromHex } from '../../src/model/ids.ts';
import { parsePeerUrl } from '../../src/model/url.ts';
import type { EtcdMember } from '../../src/ports.ts';
import { elapsedMs, value } from '../support/etcd-calls.ts';

const HOST = '127.42.1.41';
const CALL_MS = 300;
const SLACK_MS = 1500;

let close: () => Promise<void>;
let folder: string;
let asked: string[];

beforeEach(async () => {
  asked = [];
  folder = await mkdtemp(join(tmpdir(), 'peershift-wire-'));
  close = () => Promise.resolve();
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

/** A listener that notes each request and lets `answer` do what it likes with it. */
async function serve(
  answer: (stream: ServerHttp2Stream, path: string) => void,
): Promise<EtcdMember> {
  const sessions = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    asked.push(path);
    stream.on('error', () => undefined);
    answer(stream, path);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const member = makeOpenEtcd({ callMs: CALL_MS })(`http://${HOST}:${String(address.port)}`);
  close = async () => {
    member.close();
    for (const session of sessions) session.destroy();
    const closed = once(server, 'close');
    server.close();
    await closed;
  };
  return member;
}

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

/** One gRPC message: not compressed, length, bytes. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A SnapshotResponse whose blob (field 3) is shorter than 128 bytes. */
function piece(blob: Buffer): Buffer {
  return framed(Buffer.concat([Buffer.from([0x1a, blob.length]), blob]));
}

function update(member: EtcdMember): ReturnType<EtcdMember['updatePeerUrls']> {
  return member.updatePeerUrls(memberIdFromHex('abc'), [
    value(parsePeerUrl('http://10.0.0.1:2380')),
  ]);
}

test('an update whose connection breaks is sent once and is uncertain', async () => {
  const member = await serve((stream) => stream.session?.destroy());
  expect(await update(member)).toMatchObject({ ok: false, error: { code: 'UPDATE_UNCERTAIN' } });
  expect(asked).toEqual(['/etcdserverpb.Cluster/MemberUpdate']);
});

test('an update without an answer is sent once and is uncertain at its deadline', async () => {
  const member = await serve(() => undefined);
  const { answer, ms } = await elapsedMs(() => update(member));
  expect(answer).toMatchObject({ ok: false, error: { code: 'UPDATE_UNCERTAIN' } });
  expect(ms).toBeLessThan(CALL_MS + SLACK_MS);
  expect(asked).toEqual(['/etcdserverpb.Cluster/MemberUpdate']);
});

test('an update that etcd refuses is sent once and is certain', async () => {
  const member = await serve((stream) => {
    const status = { 'grpc-status': '9', 'grpc-message': 'etcdserver: Peer URLs already exists' };
    stream.respond({ ...GRPC, ...status }, { endStream: true });
  });
  expect(await update(member)).toMatchObject({ ok: false, error: { code: 'STEP_FAILED' } });
  expect(asked).toHaveLength(1);
});

test('a snapshot that stops in the middle fails by silence, with the bytes that had come', async () => {
  const member = await serve((stream) => {
    stream.respond(GRPC);
    stream.write(piece(Buffer.alloc(100)));
  });
  const { answer, ms } = await elapsedMs(() => member.snapshot(join(folder, 'backup.db')));
  expect(answer).toMatchObject({
    ok: false,
    error: { code: 'BACKUP_FAILED', but: 'nothing came after 100 bytes of the snapshot for 1.2 s' },
  });
  expect(ms).toBeLessThan(4 * CALL_MS + SLACK_MS);
  expect(await readdir(folder)).toEqual([]);
});

test('a snapshot whose connection breaks fails and leaves no file', async () => {
  const member = await serve((stream) => {
    stream.respond(GRPC);
    stream.write(piece(Buffer.alloc(100)), () => stream.session?.destroy());
  });
  const failed = await member.snapshot(join(folder, 'backup.db'));
  expect(failed).toMatchObject({ ok: false, error: { code: 'BACKUP_FAILED' } });
  expect(await readdir(folder)).toEqual([]);
});

test('a keep-alive stream that ends without an answer is not taken for a renewal', async () => {
  const member = await serve((stream) => {
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    stream.end();
  });
  expect(await member.renewLease('1')).toMatchObject({ ok: false });
});

test('a lock attempt whose transaction is lost takes its lease back', async () => {
  const member = await serve((stream, path) => {
    if (path.endsWith('/Txn')) return;
    stream.respond(GRPC, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    // LeaseGrantResponse with ID (field 2) 7; for the revocation the unknown rest is harmless.
    stream.end(framed(Buffer.from([0x10, 7])));
  });
  const failed = await member.acquireLock('k', 'run one', 60);
  expect(failed).toMatchObject({ ok: false, error: { so: 'the lock is not taken' } });
  expect(asked.map((path) => path.split('/').at(-1))).toEqual(['LeaseGrant', 'Txn', 'LeaseRevoke']);
});

test('health and metrics of a listener that is no etcd are errors, and bounded', async () => {
  const member = await serve(() => undefined);
  expect(await member.health()).toMatchObject({ ok: false });
  expect(await member.metrics()).toMatchObject({ ok: false });
});
