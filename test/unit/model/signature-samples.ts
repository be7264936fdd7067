/**
 * One line for each signature, and where it is from: `run` was printed by a member (fixtures/logs, or a
 * table of texts that were seen); a version and a file: etcd's source at that version, filled in. What
 * no signature is meant for is made up.
 */

const ID = '6d2e6b11feeac974';

export interface Sample {
  readonly code: string;
  readonly from: string;
  readonly line: string;
}

const capnslog = (rest: string): string => `2026-11-22 05:41:19.123456 ${rest}`;
const zap = (level: string, msg: string, fields: object = {}): string =>
  JSON.stringify({ level, ts: '2026-11-22T05:41:19.123Z', msg, ...fields });
const dial = (error: string): string =>
  capnslog(`E | rafthttp: failed to dial ${ID} on stream Message (${error})`);
const rejected = (error: string): string =>
  zap('warn', 'rejected connection on peer endpoint', { 'remote-addr': '10.0.0.1:5', error });
const refused = (error: string): string => zap('fatal', 'discovery failed', { error });

const ROWS: readonly (readonly [code: string, from: string, line: string])[] = [
  ['dialer-certificate-required', 'run', dial('remote error: tls: certificate required')],
  ['dialer-unknown-authority', 'run', dial('remote error: tls: unknown certificate authority')],
  ['dialer-certificate-expired', 'run', dial('remote error: tls: expired certificate')],
  [
    'dialer-server-leaf-unusable',
    'Go crypto/tls alert.go',
    dial('remote error: tls: internal error'),
  ],
  [
    'dialer-tls-version',
    'Go crypto/tls alert.go',
    dial('remote error: tls: protocol version not supported'),
  ],
  ['dialer-certificate-refused', 'run', dial('remote error: tls: bad certificate')],
  ['dialer-untrusted-server', 'run', dial('x509: certificate signed by unknown authority')],
  ['dialer-server-expired', 'run', dial('x509: certificate has expired or is not yet valid: now')],
  [
    'dialer-server-usage',
    'Go crypto/x509',
    dial('x509: certificate specifies an incompatible key usage'),
  ],
  ['dialer-server-name', 'run', dial('x509: certificate is valid for 10.0.0.1, not 10.0.0.3')],
  ['dialer-allowed-name', 'run', dial('client certificate authentication failed')],
  ['dialer-own-leaf-unusable', 'Go crypto/tls', dial('tls: private key does not match public key')],
  ['dialer-https-to-plain', 'run', dial('tls: first record does not look like a TLS handshake')],
  ['dialer-http-to-tls', 'Go net/http', dial('malformed HTTP response "\\x15\\x03\\x01"')],
  [
    'dialer-proxy',
    'Go net/http',
    dial('proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused'),
  ],
  ['dialer-http-status', '3.6.14 rafthttp/stream.go', dial('unhandled http status 500')],
  ['dialer-connection-refused', 'run', dial('dial tcp 10.0.0.3:2380: connect: connection refused')],
  ['dialer-unreachable', 'run', dial('dial tcp 10.0.0.3:2380: i/o timeout')],
  ['dialer-name-unknown', 'Go net', dial('dial tcp: lookup m3.example: no such host')],
  ['dialer-not-ready', 'run', dial(`peer ${ID} failed to find local node 61d18a2c71d7e26d`)],
  [
    'dialer-wrong-member',
    '3.6.14 rafthttp/http.go',
    dial('unhandled error "to field mismatch" when precondition failed'),
  ],
  ['dialer-cluster-id', '3.3.27 rafthttp/http.go', dial('cluster ID mismatch')],
  ['dialer-version', '3.3.27 rafthttp/http.go', dial('incompatible version')],
  ['dialer-cancelled', 'run', dial('context canceled')],
  ['dialer-closed', 'run', dial('EOF')],
  ['dialer-other', 'made up', dial('something new in Go')],
  [
    'request-cluster-id',
    '3.2.32 rafthttp/stream.go',
    capnslog(
      `E | rafthttp: request sent was ignored (cluster ID mismatch: peer[${ID}]=1, local=2)`,
    ),
  ],
  [
    'request-cluster-id',
    '3.6.14 rafthttp/stream.go',
    zap('warn', 'request sent was ignored by remote peer due to cluster ID mismatch', {
      'remote-peer-id': ID,
    }),
  ],
  [
    'request-version',
    '3.2.32 rafthttp/stream.go',
    capnslog(`E | rafthttp: request sent was ignored by peer ${ID} (server version incompatible)`),
  ],
  [
    'snapshot-not-delivered',
    'run',
    zap('warn', 'failed to send database snapshot', { 'remote-peer-id': ID, error: 'EOF' }),
  ],
  ['listener-plain-http', 'run', rejected('tls: first record does not look like a TLS handshake')],
  [
    'listener-tls-version',
    'Go crypto/tls',
    rejected('tls: client offered only unsupported versions: [301]'),
  ],
  ['listener-certificate-refused', 'run', rejected('remote error: tls: bad certificate')],
  ['listener-no-client-certificate', 'run', rejected("tls: client didn't provide a certificate")],
  [
    'listener-unknown-client-authority',
    'run',
    rejected('tls: failed to verify certificate: x509: certificate signed by unknown authority'),
  ],
  [
    'listener-client-expired',
    'run',
    rejected('x509: certificate has expired or is not yet valid: now'),
  ],
  [
    'listener-client-usage',
    'run',
    rejected('x509: certificate specifies an incompatible key usage'),
  ],
  ['listener-allowed-name', 'run', rejected('client certificate authentication failed')],
  [
    'listener-client-source',
    'run',
    rejected('x509: certificate is valid for 10.9.9.9, not 10.0.0.1'),
  ],
  [
    'listener-client-revoked',
    '3.6.14 transport/listener_tls.go',
    rejected('transport: certificate serial 1 revoked'),
  ],
  [
    'listener-own-leaf-unusable',
    'Go crypto/tls',
    rejected('open /etc/etcd/peer.pem: no such file or directory'),
  ],
  ['listener-closed', 'run', rejected('EOF')],
  ['listener-other', 'made up', rejected('something new in Go')],
  ['listener-not-ready', 'run', capnslog(`E | rafthttp: failed to find member ${ID} in cluster 1`)],
  [
    'listener-cluster-id',
    '3.6.14 rafthttp/http.go',
    zap('warn', 'request cluster ID mismatch', { 'remote-peer-cluster-id': '1' }),
  ],
  ['listener-cluster-id', '3.4.45 etcdserver/corrupt.go', zap('warn', 'cluster ID mismatch')],
  [
    'listener-wrong-member',
    '3.2.32 rafthttp/http.go',
    capnslog('E | rafthttp: streaming request ignored (ID mismatch got 1 want 2)'),
  ],
  [
    'listener-version',
    '3.6.14 rafthttp/http.go',
    zap('warn', 'failed version compatibility check'),
  ],
  [
    'snapshot-not-received',
    '3.6.14 rafthttp/http.go',
    zap('warn', 'failed to save incoming database snapshot', { error: 'disk full' }),
  ],
  [
    'message-not-read',
    '3.2.32 rafthttp/http.go',
    capnslog('E | rafthttp: failed to read raft message (unexpected EOF)'),
  ],
  [
    'stream-lost',
    'run',
    capnslog(
      `W | rafthttp: lost the TCP streaming connection with peer ${ID} (stream Message writer)`,
    ),
  ],
  ['peer-inactive', 'run', capnslog(`I | rafthttp: peer ${ID} became inactive`)],
  [
    'data-differs',
    '3.6.14 etcdserver/corrupt.go',
    zap('warn', 'found different hash values from remote peer'),
  ],
  [
    'data-alarm',
    '3.3.27 etcdserver/apply.go',
    capnslog(`W | etcdserver: alarm CORRUPT raised by peer ${ID}`),
  ],
  [
    'data-raft-log',
    'raft/log.go',
    'panic: tocommit(37) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?',
  ],
  [
    'data-checksum',
    '3.2.32 etcdserver/storage.go',
    capnslog('C | etcdserver: read wal error (walpb: crc mismatch) and cannot be repaired'),
  ],
  [
    'data-backend',
    '3.4.45 etcdserver/server.go',
    zap('panic', 'failed to recover v3 backend from snapshot'),
  ],
  ['slow-disk', '3.4.45 wal/wal.go', zap('warn', 'slow fdatasync', { took: '2s' })],
  [
    'heartbeat-late',
    'run',
    capnslog(
      'W | etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 5ms, to 1)',
    ),
  ],
  ['slow-request', 'run', zap('warn', 'apply request took too long')],
  [
    'messages-dropped',
    '3.6.14 rafthttp/peer.go',
    zap('warn', 'dropped internal Raft message since sending buffer is full', {
      'remote-peer-id': ID,
    }),
  ],
  [
    'read-late',
    '3.3.27 etcdserver/v3_server.go',
    capnslog(
      'W | etcdserver: timed out waiting for read index response (local node might have slow network)',
    ),
  ],
  [
    'leader-lost',
    'run',
    'raft2026/11/22 01:05:27 INFO: raft.node: 6d2e6b11feeac974 lost leader dba62615056cf0cd at term 3',
  ],
  ['transfer-failed', '3.4.45 etcdserver/server.go', zap('warn', 'leadership transfer failed')],
  [
    'snapshot-not-written',
    '3.2.32 etcdserver/snapshot_merge.go',
    capnslog('W | etcdserver: failed to write database snapshot out [written bytes: 1]: EOF'),
  ],
  [
    'clock-difference',
    '3.6.14 rafthttp/probing_status.go',
    zap('warn', 'prober found high clock drift'),
  ],
  [
    'no-space',
    '3.3.27 etcdserver/apply.go',
    capnslog(`W | etcdserver: alarm NOSPACE raised by peer ${ID}`),
  ],
  [
    'member-removed',
    '3.6.14 rafthttp/http.go',
    zap('warn', 'rejected stream from remote peer because it was removed'),
  ],
  [
    'member-urls-updated',
    'run',
    capnslog(`N | etcdserver/membership: updated member ${ID} [https://h:1] in cluster 1`),
  ],
  [
    'member-added',
    'run',
    capnslog(`I | etcdserver/membership: added member ${ID} [http://h:1] to cluster 1`),
  ],
  [
    'change-ignored',
    'raft/raft.go',
    zap(
      'info',
      '1 ignoring conf change {ConfChangeUpdateNode} at config voters=(1): possible unapplied conf change',
    ),
  ],
  ['starting', 'run', capnslog('I | etcdmain: etcd Version: 3.4.23')],
  ['serving-peers', 'run', zap('info', 'serving peer traffic')],
  ['serving-clients', 'run', zap('info', 'ready to serve client requests')],
  ['stopping', 'run', zap('info', 'received signal; shutting down')],
  ['stopped', 'run', zap('info', 'closed etcd server')],
  ['link-active', 'run', zap('info', 'peer became active', { 'peer-id': ID })],
  [
    'stream-established',
    'run',
    zap('info', 'established TCP streaming connection with remote peer'),
  ],
  ['peer-url-panic', 'run', 'panic: failed NewURLs'],
  [
    'start-no-certificates',
    'run',
    refused('cannot listen on TLS for 127.0.0.1:2380: KeyFile and CertFile are not presented'),
  ],
  [
    'start-half-certificates',
    'run',
    refused('KeyFile and CertFile must both be present[key: , cert: x]'),
  ],
  ['start-key-mismatch', 'run', refused('tls: private key does not match public key')],
  ['start-file-unreadable', 'run', refused('open /etc/etcd/pki/peer.pem: permission denied')],
  [
    'start-bad-pem',
    'Go crypto/tls',
    refused('tls: failed to find any PEM data in certificate input'),
  ],
  [
    'start-address-in-use',
    'run',
    refused('listen tcp 127.0.0.1:2380: bind: address already in use'),
  ],
  [
    'start-cannot-bind',
    'run',
    refused('listen tcp 10.0.0.1:2380: bind: cannot assign requested address'),
  ],
  [
    'start-setting-twice',
    'run',
    capnslog(
      'C | pkg/flags: conflicting environment variable "ETCD_NAME" is shadowed by corresponding command-line flag (either unset environment variable or disable flag)',
    ),
  ],
  ['start-unknown-flag', 'run', 'flag provided but not defined: -peer-ca-file'],
  [
    'start-bad-setting',
    'run',
    refused(
      'invalid value "http://h:1/x" for flag -listen-peer-urls: URL must not contain a path: http://h:1/x',
    ),
  ],
  [
    'start-bootstrap',
    '3.6.14 etcdserver/bootstrap.go',
    refused(`member ${ID} has already been bootstrapped`),
  ],
  [
    'start-tls-settings',
    '3.6.14 embed/config.go',
    refused('min version (TLS1.3) is greater than max version (TLS1.2)'),
  ],
  [
    'start-client-certificates',
    '3.6.14 embed/etcd.go',
    refused(
      'TLS key/cert (--cert-file, --key-file) must be provided for client url https://h:1 with HTTPS scheme',
    ),
  ],
  [
    'start-data-directory',
    '3.6.14 etcdserver/bootstrap.go',
    refused('cannot access data directory: mkdir /x: permission denied'),
  ],
  [
    'start-downgrade',
    '3.2.32 membership/cluster.go',
    capnslog(
      'C | etcdserver/membership: cluster cannot be downgraded (current version: 3.2.32 is lower than determined cluster version: 3.3).',
    ),
  ],
  [
    'start-file-limit',
    '3.6.14 embed/etcd.go',
    zap('fatal', 'file descriptor limit of etcd process is too low; please set higher'),
  ],
  [
    'start-data-locked',
    '3.2.32 etcdserver/backend.go',
    capnslog('W | etcdserver: another etcd process is using "/x/db" and holds the file lock.'),
  ],
  [
    'start-not-published',
    'run',
    zap('warn', 'failed to publish local member to cluster through raft'),
  ],
  ['process-panic', 'Go runtime', 'panic: runtime error: invalid memory address'],
  ['process-fatal', 'made up', refused('something new')],
];

export const SAMPLES: readonly Sample[] = ROWS.map(([code, from, line]) => ({ code, from, line }));
