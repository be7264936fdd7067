/** What a member says of connections that come in on its peer listener; the first that fits counts. */

import type { DialReason } from '../dial.ts';
import type { LogEvent } from '../log-line.ts';
import type { Signature } from './signature.ts';

const REJECTED: readonly LogEvent[] = ['rejected'];

export const LISTENER_SIGNATURES: readonly Signature[] = [
  {
    ...listener('listener-plain-http', ['http-to-tls']),
    meaning: 'somebody spoke plain http to a listener that speaks TLS',
    remedy: 'advertise the listener with https, or find out who else dials that port',
    match: {
      events: REJECTED,
      pattern: /first record does not look like a TLS handshake|oversized record received/u,
    },
  },
  {
    ...listener('listener-tls-version', []),
    isUnverified: true,
    meaning: 'dialer and listener have no TLS version or cipher in common',
    remedy: 'compare cipher-suites, tls-min-version and tls-max-version of both members',
    match: {
      events: REJECTED,
      pattern: /no cipher suite supported|unsupported versions|protocol version|SSLv2/u,
    },
  },
  {
    ...listener('listener-certificate-refused', [
      ...(['no-trust', 'server-name', 'server-usage', 'expired', 'allowed-name'] as const),
    ]),
    meaning: "the dialer refused the listener's certificate; the dialer's own log has the reason",
    remedy:
      "load the CA on the dialer, or read the dialer's log: unknown CA, name, dates or key usage",
    match: { events: REJECTED, pattern: /remote error: tls: /u },
    isFallback: true,
  },
  {
    ...listener('listener-no-client-certificate', ['no-client-leaf']),
    meaning: 'the dialer showed no client certificate, and this listener demands one',
    remedy: 'load a peer certificate and key on the dialer: peer-cert-file, peer-key-file, restart',
    match: { events: REJECTED, pattern: /client didn't provide a certificate/u },
  },
  {
    ...listener('listener-unknown-client-authority', ['client-untrusted']),
    meaning: "the listener has not loaded the CA of the dialer's leaf",
    remedy:
      "put the CA of the dialer's leaf into the listener's peer-trusted-ca-file and restart it",
    match: { events: REJECTED, pattern: /x509: certificate signed by unknown authority/u },
  },
  {
    ...listener('listener-client-expired', ['expired']),
    meaning: "the dialer's leaf is expired or not yet valid, by the listener's clock",
    remedy: "issue the dialer's leaf again in place, and compare the clocks",
    match: { events: REJECTED, pattern: /x509: certificate has expired or is not yet valid/u },
  },
  {
    ...listener('listener-client-usage', ['client-usage']),
    meaning: "the dialer's leaf lacks the clientAuth key usage",
    remedy: "issue the dialer's leaf with serverAuth and clientAuth",
    match: { events: REJECTED, pattern: /x509: certificate specifies an incompatible key usage/u },
  },
  {
    ...listener('listener-allowed-name', ['allowed-name']),
    meaning: "the listener's peer-cert-allowed-cn or -hostname does not allow the dialer's leaf",
    remedy: 'issue leaves with the allowed name, or change that setting: it judges both directions',
    match: {
      events: REJECTED,
      pattern: /(?:client certificate|CommonName) authentication failed/u,
    },
  },
  {
    ...listener('listener-client-source', ['client-source']),
    meaning: "the SANs of the dialer's leaf do not cover the address that it dials from",
    remedy: "issue the dialer's leaf with that source address among its SANs",
    match: {
      events: REJECTED,
      pattern:
        /does not match any of DNSNames|x509: (?:certificate is (?:valid for|not valid for any names)|cannot validate certificate for|certificate relies on legacy Common Name)/u,
    },
  },
  {
    ...listener('listener-client-revoked', []),
    isUnverified: true,
    meaning: "the dialer's leaf is on the listener's revocation list",
    remedy: "issue the dialer's leaf again, or correct peer-crl-file",
    match: { events: REJECTED, pattern: /revoked/u },
  },
  {
    ...listener('listener-own-leaf-unusable', ['server-leaf']),
    isUnverified: true,
    meaning: "the listener's own leaf or key file cannot be read or do not fit each other",
    remedy:
      'look at peer-cert-file and peer-key-file of the listener: owner, mode, and that they are a pair',
    match: {
      events: REJECTED,
      pattern: /private key does not match|^open .*: |failed to find any PEM/u,
    },
  },
  {
    ...listener('listener-closed', ['source-down', 'target-down']),
    kind: 'no-request',
    meaning:
      'a connection was closed before the handshake was over: a health check, a scanner, a stopping dialer',
    remedy: 'find out who opens it, if it goes on',
    match: {
      events: REJECTED,
      pattern: /EOF|connection reset by peer|broken pipe|i\/o timeout|closed network connection/u,
    },
  },
  {
    ...listener('listener-other', []),
    meaning: 'a peer connection was rejected for a reason that peershift does not know',
    remedy: 'read the line itself',
    match: { events: REJECTED },
    isFallback: true,
  },
  {
    ...listener('listener-not-ready', ['source-down', 'target-down']),
    meaning: 'a peer asked for a stream before this member knew it: it is starting or stopping',
    remedy: 'wait; if it lasts, compare the cluster IDs and member lists of both',
    match: { events: ['not-found'] },
  },
  {
    ...listener('listener-cluster-id', []),
    isUnverified: true,
    meaning: 'a member of another cluster dials this one: its cluster ID is another one',
    remedy:
      'do not go on: one of the two was bootstrapped anew or points at the wrong data directory',
    match: { events: ['other'], pattern: /^(?:request )?cluster ID mismatch/u },
  },
  {
    ...listener('listener-wrong-member', []),
    isUnverified: true,
    meaning:
      'a peer dialed this address for another member: the member list has it under the wrong name',
    remedy: 'compare the peer URLs in the member list with the hosts that they lead to',
    match: { events: ['other'], pattern: /streaming request.* ?ID mismatch/u },
  },
  {
    ...listener('listener-version', []),
    isUnverified: true,
    meaning: 'a peer of an incompatible etcd version dials this member',
    remedy: 'bring both members to versions that are at most one minor version apart',
    match: {
      events: ['other'],
      pattern:
        /^failed (?:to check version compatibility|version compatibility check)|^request version incompatibility|^request compatibility check failed/u,
    },
  },
  {
    ...listener('snapshot-not-received', []),
    isUnverified: true,
    meaning: 'a raft snapshot from the leader could not be saved',
    remedy: "look at the space on this member's data disk, and at the link from the leader",
    match: { events: ['other'], pattern: /^failed to save (?:KV|incoming database) snapshot/u },
  },
  {
    ...listener('message-not-read', ['source-down', 'target-down']),
    isUnverified: true,
    meaning: 'a raft message from a peer broke off or could not be read',
    remedy: 'none while one of the two stops; else compare their etcd versions',
    match: {
      events: ['other'],
      pattern: /^failed to (?:read|unmarshal|decode) raft message|^unexpected raft message type/iu,
    },
  },
];

function listener(
  code: string,
  reasons: readonly DialReason[],
): Pick<Signature, 'code' | 'kind' | 'speaker' | 'reasons'> {
  return { code, kind: 'peer-link', speaker: 'listener', reasons };
}
