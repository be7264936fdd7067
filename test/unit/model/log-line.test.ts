/** Goal: one line of a log is read the same in whatever form it was kept. Method: real shapes, by hand. */

import { describe, expect, it } from 'vitest';

import { type LogLine, parseLogLine } from '../../../src/model/log-line.ts';

const ID = '6d2e6b11feeac974';

function read(text: string): LogLine {
  const line = parseLogLine(text);
  if (line === undefined) throw new Error(`not a line: ${text}`);
  return line;
}

function zap(level: string, msg: string, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    level,
    ts: '2026-11-22T05:41:19.123Z',
    caller: 'x/y.go:1',
    msg,
    ...fields,
  });
}

const capnslog = (rest: string): string => `2026-11-22 05:41:19.123456 ${rest}`;

describe('a capnslog line', () => {
  it('gives time, level and message', () => {
    const line = read(capnslog('W | etcdserver: server is likely overloaded'));
    expect(line).toMatchObject({
      form: 'capnslog',
      timeText: '2026-11-22 05:41:19.123456',
      level: 'warning',
      message: 'server is likely overloaded',
      event: 'other',
    });
  });

  it.each([
    [
      `E | rafthttp: failed to dial ${ID} on stream MsgApp v2 (EOF)`,
      { event: 'dial-failed', streamKind: 'stream MsgApp v2', error: 'EOF', remotePeerId: ID },
    ],
    [
      `E | rafthttp: failed to write ${ID} on pipeline (dial tcp 10.0.0.3:2380: connect: connection refused)`,
      { event: 'dial-failed', streamKind: 'pipeline', remotePeerId: ID },
    ],
    [
      `E | rafthttp: failed to read ${ID} on stream Message (context canceled)`,
      { event: 'stream-failed', error: 'context canceled', remotePeerId: ID },
    ],
    [
      `I | rafthttp: peer ${ID} became inactive (message send to peer failed)`,
      { event: 'peer-inactive', remotePeerId: ID },
    ],
    [
      `W | rafthttp: health check for peer ${ID} could not connect: x509: certificate signed by unknown authority (prober "ROUND_TRIPPER_RAFT_MESSAGE")`,
      { event: 'probe-failed', error: 'x509: certificate signed by unknown authority' },
    ],
    [
      `W | rafthttp: lost the TCP streaming connection with peer ${ID} (stream MsgApp v2 reader)`,
      { event: 'stream-lost', streamKind: 'stream MsgApp v2 reader', remotePeerId: ID },
    ],
    [
      `W | etcdserver: failed to reach the peerURL(https://10.0.0.3:2380) of member ${ID} (Get https://10.0.0.3:2380/version: EOF)`,
      { event: 'version-failed', url: 'https://10.0.0.3:2380', error: 'EOF', remotePeerId: ID },
    ],
    [
      `W | etcdserver: cannot get the version of member ${ID} (Get "https://10.0.0.3:2380/version": EOF)`,
      { event: 'version-failed', url: 'https://10.0.0.3:2380/version', error: 'EOF' },
    ],
    [
      `E | rafthttp: failed to find member ${ID} in cluster ead9f9d395c23e90`,
      { event: 'not-found', remotePeerId: ID },
    ],
    [
      `W | rafthttp: database snapshot [index: 12, to: ${ID}] failed to be sent out (EOF)`,
      { event: 'snapshot-failed', error: 'EOF', remotePeerId: ID },
    ],
    [
      'I | embed: rejected connection from "10.0.0.9:45216" (error "tls: \\"10.0.0.9\\" does not match any of DNSNames [\\"m1\\"]", ServerName "m3", IPAddresses [], DNSNames ["m1"])',
      {
        event: 'rejected',
        remoteAddress: { ip: '10.0.0.9', port: 45216 },
        error: 'tls: "10.0.0.9" does not match any of DNSNames ["m1"]',
      },
    ],
    [
      'I | etcdmain: rejected connection from "[fd00:0:0::1]:45216" (error "EOF", ServerName "")',
      { event: 'rejected', remoteAddress: { ip: 'fd00::1', port: 45216 }, error: 'EOF' },
    ],
  ])('tells what it is about: %s', (text, wanted) => {
    expect(read(capnslog(text))).toMatchObject(wanted);
  });

  it('loses the wrapper of the stream reader around the error', () => {
    const text = `E | rafthttp: failed to dial ${ID} on stream Message (readLoopPeekFailLocked: remote error: tls: bad certificate)`;
    expect(read(capnslog(text)).error).toBe('remote error: tls: bad certificate');
  });

  it('names a member without leading zeros', () => {
    const line = read(capnslog('I | rafthttp: peer 00d18a2c71d7e26d became active'));
    expect(line.remotePeerId).toBe('d18a2c71d7e26d');
  });
});

describe('a zap line', () => {
  it.each([
    [
      'prober detected unhealthy status',
      { 'round-tripper-name': 'x', 'remote-peer-id': ID, rtt: '0s', error: 'EOF' },
      { event: 'probe-failed', error: 'EOF', remotePeerId: ID },
    ],
    [
      'peer became inactive (message send to peer failed)',
      { 'peer-id': ID, error: `failed to dial ${ID} on stream Message (EOF)` },
      { event: 'dial-failed', error: 'EOF', streamKind: 'stream Message', remotePeerId: ID },
    ],
    [
      'peer became inactive (message send to peer failed)',
      { 'peer-id': ID, error: `failed to read ${ID} on stream Message (unexpected EOF)` },
      { event: 'stream-failed', error: 'unexpected EOF' },
    ],
    [
      'lost TCP streaming connection with remote peer',
      { 'stream-writer-type': 'stream Message', 'local-member-id': '1', 'remote-peer-id': ID },
      { event: 'stream-lost', streamKind: 'stream Message writer', remotePeerId: ID },
    ],
    [
      'rejected connection',
      { 'remote-addr': '10.0.0.9:45216', 'server-name': '', error: 'EOF' },
      { event: 'rejected', remoteAddress: { ip: '10.0.0.9', port: 45216 }, error: 'EOF' },
    ],
    [
      'rejected connection on peer endpoint',
      { 'remote-addr': '10.0.0.9:45216', 'server-name': '', error: 'EOF' },
      { event: 'rejected' },
    ],
    [
      'rejected connection on client endpoint',
      { 'remote-addr': '10.0.0.9:45216', 'server-name': '', error: 'EOF' },
      { event: 'other' },
    ],
    [
      'failed to find remote peer in cluster',
      { 'local-member-id': '1', 'remote-peer-id-stream-handler': '1', 'remote-peer-id-from': ID },
      { event: 'not-found', remotePeerId: ID },
    ],
    [
      'failed to reach the peer URL',
      { address: 'https://10.0.0.3:2380/version', 'remote-member-id': ID, error: 'Get "u": EOF' },
      { event: 'version-failed', url: 'https://10.0.0.3:2380/version', remotePeerId: ID },
    ],
  ])('tells what it is about: %s %j', (msg, fields, wanted) => {
    expect(read(zap('warn', msg, fields))).toMatchObject({
      form: 'zap',
      level: 'warning',
      ...wanted,
    });
  });

  it.each([
    ['fatal', 'critical'],
    ['panic', 'critical'],
    ['error', 'error'],
    ['info', 'info'],
  ])('has its level %s read as %s', (level, wanted) => {
    expect(read(zap(level, 'x', {})).level).toBe(wanted);
  });
});

describe('the same line', () => {
  const inner = capnslog(`I | rafthttp: peer ${ID} became inactive (message send to peer failed)`);
  const json = zap('warn', 'rejected connection', { 'remote-addr': '10.0.0.9:1', error: 'EOF' });
  const message = `health check for peer ${ID} could not connect: EOF`;

  it.each([
    ['syslog', `Nov 22 05:41:19 host-1 etcd[123]: ${inner}`, 'capnslog', 'peer-inactive'],
    ['journald with zap', `Nov  2 05:41:19 host-1 etcd[123]: ${json}`, 'zap', 'rejected'],
    [
      'journald without level',
      `Nov 22 05:41:19 host-1 etcd[123]: ${message}`,
      'plain',
      'probe-failed',
    ],
    [
      'journald in ISO',
      `2026-11-22T05:41:19+0000 host-1 etcd[1]: ${message}`,
      'plain',
      'probe-failed',
    ],
    ['a bare message', message, 'plain', 'probe-failed'],
    [
      'the docker engine',
      JSON.stringify({ log: `${json}\n`, stream: 'stderr' }),
      'zap',
      'rejected',
    ],
    ['a kubelet', `2026-11-22T05:41:19.1Z stderr F ${json}`, 'zap', 'rejected'],
  ])('is known again as kept by %s', (_keeper, text, form, event) => {
    expect(read(text)).toMatchObject({ form, event });
  });
});

describe('what says nothing by itself', () => {
  it.each(['', '   ', '\tgo.etcd.io/etcd/embed/etcd.go:539 +0x1b', 'goroutine 1 [running]:'])(
    'is no line: %j',
    (text) => {
      expect(parseLogLine(text)).toBeUndefined();
    },
  );

  it('is not made up from JSON that is not of zap', () => {
    expect(read('{"a":1}')).toMatchObject({ form: 'plain', event: 'other' });
  });
});
