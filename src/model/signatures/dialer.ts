/** What a member says when its own dial of a peer fails, by Go's words for it; the first that fits counts. */

import type { DialReason } from '../dial.ts';
import type { LogEvent } from '../log-line.ts';
import type { Signature } from './signature.ts';

const DIALS: readonly LogEvent[] = ['dial-failed', 'probe-failed', 'version-failed'];

/** What a listener may hold against a dialer's leaf (the SAN check comes later and shows as EOF). */
const CLIENT_REASONS: readonly DialReason[] = [
  ...(['no-client-leaf', 'client-untrusted', 'client-usage', 'expired', 'allowed-name'] as const),
];

const DOWN: readonly DialReason[] = ['target-down', 'source-down'];

/** `remote error: tls: X` in a dialer's line: the other side refused the dialer's certificate. */
const REFUSED_BY_LISTENER: readonly Signature[] = [
  {
    ...dialer('dialer-certificate-required', ['no-client-leaf']),
    meaning: 'the listener demands a client certificate and the dialer showed none',
    remedy: 'load a peer certificate and key on the dialer: peer-cert-file, peer-key-file, restart',
    match: { events: DIALS, pattern: /remote error: tls: certificate required/u },
  },
  {
    ...dialer('dialer-unknown-authority', ['client-untrusted']),
    meaning: "the listener does not trust the CA of the dialer's leaf",
    remedy:
      "put the CA of the dialer's leaf into the listener's peer-trusted-ca-file and restart it",
    match: { events: DIALS, pattern: /remote error: tls: unknown certificate authority/u },
  },
  {
    ...dialer('dialer-certificate-expired', ['expired']),
    meaning: "the listener refused the dialer's leaf: it is expired or not yet valid",
    remedy: "issue the dialer's leaf again in place; etcd reads it at the next handshake",
    match: { events: DIALS, pattern: /remote error: tls: expired certificate/u },
  },
  {
    ...dialer('dialer-server-leaf-unusable', ['server-leaf']),
    isUnverified: true,
    meaning: 'the listener could not show a certificate: its leaf or key file cannot be used',
    remedy: "look at the listener's own log, and at its peer-cert-file and peer-key-file",
    match: { events: DIALS, pattern: /remote error: tls: (?:internal error|unrecognized name)/u },
  },
  {
    ...dialer('dialer-tls-version', []),
    isUnverified: true,
    meaning: 'dialer and listener have no TLS version or cipher in common',
    remedy: 'compare cipher-suites, tls-min-version and tls-max-version of both members',
    match: {
      events: DIALS,
      pattern:
        /remote error: tls: (?:protocol version not supported|insufficient security)|tls: server selected unsupported protocol/u,
    },
  },
  {
    ...dialer('dialer-certificate-refused', CLIENT_REASONS),
    meaning: "the listener refused the dialer's certificate; its own log has the reason",
    remedy:
      "read the listener's log for the same moment: missing, unknown CA, key usage, dates or name",
    match: { events: DIALS, pattern: /remote error: tls: /u },
    isFallback: true,
  },
];

/** What the dialer itself held against the listener's certificate. */
const REFUSED_BY_DIALER: readonly Signature[] = [
  {
    ...dialer('dialer-untrusted-server', ['no-trust']),
    meaning: "the dialer has not loaded the CA of the listener's leaf",
    remedy:
      "put that CA into the dialer's peer-trusted-ca-file and restart it: it is read at start only",
    match: { events: DIALS, pattern: /x509: certificate signed by unknown authority/u },
  },
  {
    ...dialer('dialer-server-expired', ['expired']),
    meaning: "the listener's leaf is expired or not yet valid, by the dialer's clock",
    remedy: "issue the listener's leaf again in place, and compare the clocks",
    match: { events: DIALS, pattern: /x509: certificate has expired or is not yet valid/u },
  },
  {
    ...dialer('dialer-server-usage', ['server-usage']),
    isUnverified: true,
    meaning: "the listener's leaf lacks the serverAuth key usage",
    remedy: "issue the listener's leaf with serverAuth and clientAuth",
    match: { events: DIALS, pattern: /x509: certificate specifies an incompatible key usage/u },
  },
  {
    ...dialer('dialer-server-name', ['server-name']),
    meaning: "the listener's leaf does not name the host of its peer URL",
    remedy: "issue the listener's leaf with its peer URL's host among the SANs",
    match: {
      events: DIALS,
      pattern:
        /x509: (?:certificate is (?:valid for|not valid for any names)|cannot validate certificate for|certificate relies on legacy Common Name)/u,
    },
  },
  {
    ...dialer('dialer-allowed-name', ['allowed-name']),
    meaning: "the dialer's peer-cert-allowed-cn or -hostname does not allow the listener's leaf",
    remedy: 'issue leaves with the allowed name, or change that setting: it judges both directions',
    match: { events: DIALS, pattern: /(?:client certificate|CommonName) authentication failed/u },
  },
  {
    ...dialer('dialer-own-leaf-unusable', CLIENT_REASONS),
    isUnverified: true,
    meaning: "the dialer's own leaf or key file cannot be read or do not fit each other",
    remedy:
      'look at peer-cert-file and peer-key-file on the dialer: owner, mode, and that they are a pair',
    match: {
      events: DIALS,
      pattern: /private key does not match|^open .*: |failed to find any PEM/u,
    },
  },
];

const WRONG_SCHEME: readonly Signature[] = [
  {
    ...dialer('dialer-https-to-plain', ['https-to-plain']),
    meaning: 'the dialer spoke TLS to a listener that speaks plain http on that port',
    remedy: 'switch the listener to https, or advertise it with http again',
    match: {
      events: DIALS,
      pattern:
        /first record does not look like a TLS handshake|server gave HTTP response to HTTPS/u,
    },
  },
  {
    ...dialer('dialer-http-to-tls', ['http-to-tls']),
    isUnverified: true,
    meaning: 'the dialer spoke plain http to a listener that speaks TLS on that port',
    remedy: 'advertise the listener with https, or switch it back to http',
    match: {
      events: DIALS,
      pattern: /malformed HTTP response "\\x15|HTTP request to an HTTPS server/u,
    },
  },
];

const CONNECTION: readonly Signature[] = [
  {
    ...dialer('dialer-proxy', []),
    isUnverified: true,
    meaning: 'the dial went to a proxy, and the proxy did not let it through',
    remedy:
      'put the hosts of all peers into NO_PROXY of the etcd process: HTTPS_PROXY counts for https URLs',
    match: {
      events: DIALS,
      pattern:
        /proxyconnect|Proxy Authentication Required|Bad Gateway|Service Unavailable|Gateway Time-?out/u,
    },
  },
  {
    ...dialer('dialer-http-status', DOWN),
    isUnverified: true,
    meaning: 'the peer answered with an error of http: it stops, or something else answers there',
    remedy: "read the peer's log for the same moment, and find out what listens at its URL",
    match: {
      events: DIALS,
      pattern:
        /unhandled http status|unexpected http status (?!Not Found|Bad Gateway|Service Unavailable|Gateway|Proxy)/u,
    },
  },
  {
    ...dialer('dialer-connection-refused', [...DOWN, 'not-listening']),
    meaning: "nothing listens at the peer's address and port",
    remedy:
      'start the member, or compare its listen-peer-urls with what the member list says of it',
    match: { events: DIALS, pattern: /^(?!proxyconnect).*connection refused/u },
  },
  {
    ...dialer('dialer-unreachable', [...DOWN, 'not-listening']),
    meaning: "no answer came from the peer's address: host down, cut network or firewall",
    remedy: 'try the port from the host of the dialer; a new port may be closed in a firewall',
    match: {
      events: DIALS,
      pattern:
        /^(?!proxyconnect).*(?:i\/o timeout|no route to host|network is unreachable|handshake timeout|deadline exceeded)/u,
    },
  },
  {
    ...dialer('dialer-name-unknown', []),
    isUnverified: true,
    meaning: 'the host name of the peer URL could not be resolved on the host of the dialer',
    remedy: 'look at name resolution on that host',
    match: {
      events: DIALS,
      pattern: /^(?!proxyconnect).*(?:no such host|server misbehaving|lookup \S+:? )/u,
    },
  },
  {
    ...dialer('dialer-not-ready', DOWN),
    meaning: 'the peer answers, and does not know the dialer yet: it is starting or stopping',
    remedy: 'wait; if it lasts, compare the cluster IDs and member lists of both',
    match: {
      events: DIALS,
      pattern: /failed to find local node|http status Not Found|error sender not found/u,
    },
  },
  {
    ...dialer('dialer-wrong-member', []),
    isUnverified: true,
    meaning: 'another member than the dialed one answers at that address',
    remedy: 'compare the peer URLs in the member list with the hosts that they lead to',
    match: { events: DIALS, pattern: /to field mismatch/u },
  },
  {
    ...dialer('dialer-cluster-id', []),
    isUnverified: true,
    meaning: 'the peer belongs to another cluster: its cluster ID is another one',
    remedy:
      'do not go on: one of the two was bootstrapped anew or points at the wrong data directory',
    match: { events: DIALS, pattern: /cluster ID mismatch/u },
  },
  {
    ...dialer('request-cluster-id', []),
    isUnverified: true,
    meaning: 'the peer ignored a request of this member: it belongs to another cluster',
    remedy:
      'do not go on: one of the two was bootstrapped anew or points at the wrong data directory',
    match: { events: ['other'], pattern: /^request sent was ignored.*cluster ID mismatch/u },
  },
  {
    ...dialer('request-version', []),
    isUnverified: true,
    meaning: 'the peer ignored a request of this member: their etcd versions do not fit',
    remedy: 'bring both members to versions that are at most one minor version apart',
    match: { events: ['other'], pattern: /^request sent was ignored(?!.*cluster ID mismatch)/u },
  },
  {
    ...dialer('dialer-version', []),
    isUnverified: true,
    meaning: 'the peer refuses the etcd version of the dialer',
    remedy: 'bring both members to versions that are at most one minor version apart',
    match: {
      events: DIALS,
      pattern: /incompatible version|version incompatible|unsupported stream type/u,
    },
  },
  {
    ...dialer('dialer-cancelled', DOWN),
    meaning: 'the dialer gave up its own dial, as it does when it stops or drops a peer',
    remedy: 'none while the member is stopping',
    match: { events: DIALS, pattern: /context canceled|stream reader is stopped/u },
  },
  {
    ...dialer('dialer-closed', [...DOWN, 'http-to-tls', 'client-source', ...CLIENT_REASONS]),
    meaning:
      'the listener closed the connection without a word: it may want TLS, reject the address, or stop',
    remedy:
      "read the listener's log for the same moment; for a SAN mismatch only it names the reason",
    match: {
      events: DIALS,
      pattern:
        /EOF|connection reset by peer|broken pipe|server closed idle|closed network connection/u,
    },
  },
];

export const DIALER_SIGNATURES: readonly Signature[] = [
  {
    ...dialer('snapshot-not-delivered', []),
    reasons: 'any',
    meaning:
      'a raft snapshot could not be sent to a member that lags behind; only this direction can carry it',
    remedy: 'make the receiver reachable from the leader; until then it cannot catch up',
    match: { events: ['snapshot-failed'] },
  },
  ...REFUSED_BY_LISTENER,
  ...REFUSED_BY_DIALER,
  ...WRONG_SCHEME,
  ...CONNECTION,
  {
    ...dialer('dialer-other', []),
    meaning: 'a dial of a peer failed for a reason that peershift does not know',
    remedy: 'read the line itself',
    match: { events: DIALS },
    isFallback: true,
  },
];

function dialer(
  code: string,
  reasons: readonly DialReason[],
): Pick<Signature, 'code' | 'kind' | 'speaker' | 'reasons'> {
  return { code, kind: 'peer-link', speaker: 'dialer', reasons };
}
