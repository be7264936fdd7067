/** Goal: both sides of each failing dial are read right on every Go version. Method: the texts that were seen, as a table. */

import { describe, expect, it } from 'vitest';

import type { DialReason } from '../../../src/model/dial.ts';
import { parseLogLine } from '../../../src/model/log-line.ts';
import {
  type LogFinding,
  SIGNATURES,
  allThatFit,
  classify,
  ignoredBecause,
  isTransient,
  signatureOf,
} from '../../../src/model/signatures.ts';
import { SAMPLES } from './signature-samples.ts';

const ID = '6d2e6b11feeac974';

function understand(text: string): LogFinding | undefined {
  const line = parseLogLine(text);
  if (line === undefined) throw new Error(`not a line: ${text}`);
  return classify(line);
}

const capnslog = (rest: string): string => `2026-11-22 05:41:19.123456 ${rest}`;
const zap = (level: string, msg: string, fields: Readonly<Record<string, unknown>>): string => {
  return JSON.stringify({ level, ts: '2026-11-22T05:41:19.123Z', msg, ...fields });
};

/** One error as each kind of dialer's line carries it. */
const dialerLines = (error: string): readonly string[] => [
  capnslog(`E | rafthttp: failed to dial ${ID} on stream MsgApp v2 (${error})`),
  capnslog(
    `E | rafthttp: failed to dial ${ID} on stream Message (readLoopPeekFailLocked: ${error})`,
  ),
  capnslog(`W | rafthttp: health check for peer ${ID} could not connect: ${error}`),
  capnslog(`W | rafthttp: health check for peer ${ID} could not connect: ${error} (prober "X")`),
  capnslog(
    `W | etcdserver: cannot get the version of member ${ID} (Get https://h:1/version: ${error})`,
  ),
  zap('warn', 'prober detected unhealthy status', { 'remote-peer-id': ID, error }),
  zap('warn', 'peer became inactive (message send to peer failed)', {
    'peer-id': ID,
    error: `failed to dial ${ID} on stream Message (${error})`,
  }),
  zap('warn', 'failed to get version', {
    'remote-member-id': ID,
    error: `Get "https://h:1/version": ${error}`,
  }),
];

const listenerLines = (error: string): readonly string[] => [
  capnslog(
    `I | embed: rejected connection from "10.0.0.1:5" (error ${JSON.stringify(error)}, ServerName "")`,
  ),
  capnslog(
    `I | etcdmain: rejected connection from "10.0.0.1:5" (error ${JSON.stringify(error)}, ServerName "")`,
  ),
  zap('warn', 'rejected connection', { 'remote-addr': '10.0.0.1:5', error }),
  zap('warn', 'rejected connection on peer endpoint', { 'remote-addr': '10.0.0.1:5', error }),
];

const X509 = ['x509: ', 'tls: failed to verify certificate: x509: '] as const;
const CLIENT_X509 = [
  ...[
    "tls: failed to verify client's certificate: x509: ",
    'tls: failed to verify client certificate: x509: ',
  ],
  ...['tls: failed to verify certificate: x509: '],
] as const;

type Row = readonly [DialReason, readonly string[], string];

const DIALER: readonly Row[] = [
  [
    'http-to-tls',
    ['EOF', 'read tcp 10.0.0.1:5->10.0.0.3:2380: read: connection reset by peer'],
    'dialer-closed',
  ],
  [
    'https-to-plain',
    [
      'tls: first record does not look like a TLS handshake',
      'http: server gave HTTP response to HTTPS client',
    ],
    'dialer-https-to-plain',
  ],
  [
    'no-trust',
    X509.map((x) => `${x}certificate signed by unknown authority`),
    'dialer-untrusted-server',
  ],
  [
    'server-name',
    X509.flatMap((x) => [
      `${x}certificate is valid for 10.0.0.1, m1, not 10.0.0.3`,
      `${x}cannot validate certificate for 10.0.0.3 because it doesn't contain any IP SANs`,
    ]),
    'dialer-server-name',
  ],
  [
    'expired',
    X509.map((x) => `${x}certificate has expired or is not yet valid: current time`),
    'dialer-server-expired',
  ],
  [
    'server-usage',
    X509.map((x) => `${x}certificate specifies an incompatible key usage`),
    'dialer-server-usage',
  ],
  [
    'allowed-name',
    ['client certificate authentication failed', 'CommonName authentication failed'],
    'dialer-allowed-name',
  ],
  ['no-client-leaf', ['remote error: tls: certificate required'], 'dialer-certificate-required'],
  [
    'client-untrusted',
    ['remote error: tls: unknown certificate authority'],
    'dialer-unknown-authority',
  ],
  ['expired', ['remote error: tls: expired certificate'], 'dialer-certificate-expired'],
  ['client-source', ['EOF'], 'dialer-closed'],
  [
    'target-down',
    ['dial tcp 10.0.0.3:2380: connect: connection refused'],
    'dialer-connection-refused',
  ],
  [
    'target-down',
    ['dial tcp 10.0.0.3:2380: i/o timeout', 'dial tcp 10.0.0.3:2380: connect: no route to host'],
    'dialer-unreachable',
  ],
  ['target-down', [`peer ${ID} failed to find local node 61d18a2c71d7e26d`], 'dialer-not-ready'],
  ['server-leaf', ['remote error: tls: internal error'], 'dialer-server-leaf-unusable'],
];

const LISTENER: readonly Row[] = [
  [
    'http-to-tls',
    [
      'tls: first record does not look like a TLS handshake',
      'tls: oversized record received with length 21536',
    ],
    'listener-plain-http',
  ],
  ...(['no-trust', 'server-name', 'server-usage'] as const).map((reason): Row => [
    reason,
    ['remote error: tls: bad certificate', 'remote error: tls: unknown certificate authority'],
    'listener-certificate-refused',
  ]),
  [
    'no-client-leaf',
    ["tls: client didn't provide a certificate"],
    'listener-no-client-certificate',
  ],
  [
    'client-untrusted',
    CLIENT_X509.map((x) => `${x}certificate signed by unknown authority`),
    'listener-unknown-client-authority',
  ],
  [
    'expired',
    CLIENT_X509.map((x) => `${x}certificate has expired or is not yet valid: now`),
    'listener-client-expired',
  ],
  [
    'client-usage',
    CLIENT_X509.map((x) => `${x}certificate specifies an incompatible key usage`),
    'listener-client-usage',
  ],
  [
    'allowed-name',
    ['client certificate authentication failed', 'CommonName authentication failed'],
    'listener-allowed-name',
  ],
  [
    'client-source',
    [
      'x509: certificate is valid for 10.0.0.1, not 10.0.0.9',
      'tls: "10.0.0.9" does not match any of DNSNames ["m1"] (lookup m1: no such host)',
    ],
    'listener-client-source',
  ],
  [
    'server-leaf',
    [
      'open /etc/etcd/peer.pem: no such file or directory',
      'tls: private key does not match public key',
    ],
    'listener-own-leaf-unusable',
  ],
];

describe('the dialer of a link that fails', () => {
  it.each(DIALER)('gives evidence of %s by %j', (reason, errors, code) => {
    for (const text of errors.flatMap(dialerLines)) {
      expect(understand(text), text).toMatchObject({
        code,
        kind: 'peer-link',
        speaker: 'dialer',
        remotePeerId: ID,
      });
      expect(understand(text)?.reasons, text).toContain(reason);
    }
  });

  it.each(['certificate required', 'bad certificate', 'handshake failure', 'unknown certificate'])(
    'never reads "remote error: tls: %s" as a fault of the server',
    (alert) => {
      for (const text of dialerLines(`remote error: tls: ${alert}`)) {
        const reasons = understand(text)?.reasons ?? [];
        expect(reasons).toContain('no-client-leaf');
        expect(reasons).not.toContain('no-trust');
      }
    },
  );

  it('is told apart from a stop only where the text allows it', () => {
    const [refused = '', untrusted = '', eof = ''] = [
      dialerLines('dial tcp 10.0.0.3:2380: connect: connection refused')[0],
      dialerLines('x509: certificate signed by unknown authority')[0],
      dialerLines('EOF')[0],
    ];
    const transient = [refused, untrusted, eof].map((text) => {
      const finding = understand(text);
      return finding !== undefined && isTransient(finding);
    });
    expect(transient).toEqual([true, false, true]);
  });

  it('keeps a failure that nobody has listed', () => {
    const [text = ''] = dialerLines('something new in Go');
    expect(understand(text)).toMatchObject({ code: 'dialer-other', reasons: [] });
  });
});

describe('the listener of a link that fails', () => {
  it.each(LISTENER)('gives evidence of %s by %j', (reason, errors, code) => {
    for (const text of errors.flatMap(listenerLines)) {
      expect(understand(text), text).toMatchObject({
        code,
        speaker: 'listener',
        remoteIp: '10.0.0.1',
      });
      expect(understand(text)?.reasons, text).toContain(reason);
    }
  });

  it('has a connection that asked for nothing kept apart from failing dials', () => {
    for (const text of listenerLines('EOF')) expect(understand(text)?.kind).toBe('no-request');
  });
});

describe('a line that is not about one dial', () => {
  it.each([
    [
      'stream-lost',
      'peer-link',
      capnslog(
        `W | rafthttp: lost the TCP streaming connection with peer ${ID} (stream Message writer)`,
      ),
    ],
    ['peer-inactive', 'peer-link', capnslog(`I | rafthttp: peer ${ID} became inactive`)],
    [
      'snapshot-not-delivered',
      'peer-link',
      capnslog(`W | rafthttp: database snapshot [index: 1, to: ${ID}] failed to be sent out (EOF)`),
    ],
    [
      'snapshot-not-delivered',
      'peer-link',
      zap('warn', 'failed to send database snapshot', { 'remote-peer-id': ID, error: 'EOF' }),
    ],
    [
      'listener-not-ready',
      'peer-link',
      capnslog(`E | rafthttp: failed to find member ${ID} in cluster 1`),
    ],
    [
      'listener-cluster-id',
      'peer-link',
      capnslog('E | rafthttp: request cluster ID mismatch (got 1 want 2)'),
    ],
    [
      'listener-cluster-id',
      'peer-link',
      zap('warn', 'request cluster ID mismatch', { 'remote-peer-cluster-id': '1' }),
    ],
    [
      'listener-wrong-member',
      'peer-link',
      zap('warn', 'ignored streaming request; ID mismatch', { 'remote-peer-id-from': ID }),
    ],
    [
      'messages-dropped',
      'load',
      capnslog(
        `W | rafthttp: dropped internal raft message to ${ID} since sendMsgSnap's sending buffer is full (bad/overloaded network)`,
      ),
    ],
    [
      'messages-dropped',
      'load',
      zap(
        'warn',
        'dropped internal Raft message since sending buffer is full (overloaded network)',
        { 'remote-peer-id': ID },
      ),
    ],
    ['slow-disk', 'load', zap('warn', 'slow fdatasync', { took: '2s' })],
    ['slow-disk', 'load', capnslog('W | wal: sync duration of 2.1s, expected less than 1s')],
    ['slow-request', 'load', zap('warn', 'apply request took too long', {})],
    [
      'heartbeat-late',
      'load',
      capnslog(
        'W | etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 5ms, to 1)',
      ),
    ],
    [
      'member-removed',
      'membership',
      zap('warn', 'rejected stream from remote peer because it was removed', {}),
    ],
    [
      'member-urls-updated',
      'membership',
      capnslog(`N | etcdserver/membership: updated member ${ID} [https://h:1] in cluster 1`),
    ],
    [
      'serving-peers',
      'progress',
      zap('info', 'serving peer traffic', { address: '127.0.0.1:2380' }),
    ],
    ['serving-peers', 'progress', capnslog('I | embed: listening for peers on 127.0.0.1:2380')],
    [
      'stopping',
      'progress',
      capnslog('N | pkg/osutil: received terminated signal, shutting down...'),
    ],
    [
      'data-differs',
      'data',
      capnslog(
        `E | etcdserver: ${ID}'s hash 5 != 1's hash 6 (revision 1, peer revision 1, compact revision 1)`,
      ),
    ],
    [
      'data-differs',
      'data',
      zap('warn', 'found different hash values from remote peer', { 'remote-peer-id': ID }),
    ],
    ['data-alarm', 'data', capnslog(`W | etcdserver: alarm CORRUPT raised by peer ${ID}`)],
    [
      'data-raft-log',
      'data',
      'panic: tocommit(37) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?',
    ],
    [
      'data-checksum',
      'data',
      capnslog('C | etcdserver: read wal error (walpb: crc mismatch) and cannot be repaired'),
    ],
  ])('is read as %s (%s)', (code, kind, text) => {
    expect(understand(text)).toMatchObject({ code, kind });
  });

  it('of a passed corruption check does not alarm anybody', () => {
    expect(
      understand(zap('info', 'initial corruption checking passed; no corruption', {})),
    ).toBeUndefined();
  });
});

describe('a refusal to start', () => {
  const refusals = [
    [
      'start-no-certificates',
      'cannot listen on TLS for 127.0.0.1:2380: KeyFile and CertFile are not presented',
    ],
    ['start-half-certificates', 'KeyFile and CertFile must both be present[key: , cert: /x.pem]'],
    ['start-file-unreadable', 'open /etc/etcd/pki/peer.pem: permission denied'],
    ['start-key-mismatch', 'tls: private key does not match public key'],
    ['start-address-in-use', 'listen tcp 127.0.0.1:2380: bind: address already in use'],
    ['start-cannot-bind', 'listen tcp 10.0.0.1:2380: bind: cannot assign requested address'],
    ['start-bootstrap', `member ${ID} has already been bootstrapped`],
  ] as const;

  it.each(refusals)('is read as %s in every form', (code, text) => {
    const forms = [
      capnslog(`C | etcdmain: ${text}`),
      `Nov 22 05:41:19 host-1 etcd[9]: ${text}`,
      zap('fatal', 'discovery failed', { error: text }),
      zap('error', 'creating peer listener failed', { error: text }),
    ];
    for (const form of forms) {
      expect(understand(form), form).toMatchObject({ code, kind: 'start-up', isFinal: true });
    }
  });

  it.each([
    [
      'start-setting-twice',
      capnslog(
        'C | pkg/flags: conflicting environment variable "ETCD_NAME" is shadowed by corresponding command-line flag (either unset environment variable or disable flag)',
      ),
    ],
    ['start-unknown-flag', 'flag provided but not defined: -peer-ca-file'],
    [
      'start-bad-setting',
      'invalid value "http://h:1/x" for flag -listen-peer-urls: URL must not contain a path: http://h:1/x',
    ],
    [
      'peer-url-panic',
      capnslog(
        'C | rafthttp: newURLs [https://h:2381/] should never fail: URL must not contain a path',
      ),
    ],
    ['peer-url-panic', zap('panic', 'failed NewURLs', { error: 'URL must not contain a path' })],
    ['process-panic', 'panic: runtime error: invalid memory address'],
    ['process-fatal', zap('fatal', 'discovery failed', { error: 'something new' })],
  ])('is read as %s: %s', (code, text) => {
    expect(understand(text)).toMatchObject({ code, kind: 'start-up', isFinal: true });
  });

  it('is not seen in a member that merely cannot publish itself yet', () => {
    const text = zap('warn', 'failed to publish local member to cluster through raft', {});
    expect(understand(text)).toMatchObject({ code: 'start-not-published', isFinal: false });
  });
});

describe('the catalogue', () => {
  it.each(SAMPLES)('knows a line of $code ($from), and no other fits it', ({ code, line }) => {
    const parsed = parseLogLine(line);
    const fitting = parsed === undefined ? [] : allThatFit(parsed);
    const exact = fitting.filter(({ isFallback }) => isFallback !== true);
    expect(fitting[0]?.code).toBe(code);
    expect(exact.map((each) => each.code)).toEqual(fitting[0]?.isFallback === true ? [] : [code]);
  });

  it('has a sample line for each signature', () => {
    const sampled = new Set(SAMPLES.map(({ code }) => code));
    expect(SIGNATURES.map(({ code }) => code).filter((code) => !sampled.has(code))).toEqual([]);
  });

  it('calls unverified what no member of ours was seen to say, and nothing else', () => {
    const seen = new Set(SAMPLES.flatMap(({ code, from }) => (from === 'run' ? [code] : [])));
    const fallbacks = SIGNATURES.filter(({ isFallback }) => isFallback === true);
    const unseen = SIGNATURES.filter((each) => !fallbacks.includes(each) && !seen.has(each.code));
    const unverified = SIGNATURES.filter(({ isUnverified }) => isUnverified === true);
    expect(unverified.map(({ code }) => code)).toEqual(unseen.map(({ code }) => code));
  });

  it('has each code once, each with a meaning and a remedy', () => {
    const codes = SIGNATURES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(SIGNATURES.filter(({ meaning, remedy }) => meaning === '' || remedy === '')).toEqual([]);
    expect(signatureOf('listener-client-source')?.meaning).toContain('SANs');
    expect(signatureOf('no-such-code')).toBeUndefined();
  });

  it('leaves a known warning out for a reason', () => {
    const text = zap('warn', 'rejected connection on client endpoint', {
      'remote-addr': '10.0.0.1:5',
      error: 'EOF',
    });
    const line = parseLogLine(text);
    expect(line === undefined ? undefined : ignoredBecause(line)).toBe(
      'it is about the client port',
    );
    expect(understand(text)).toBeUndefined();
  });
});
