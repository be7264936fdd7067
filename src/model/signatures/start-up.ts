/** What etcd says when it refuses to start or ends by itself, with the setting that it is about. */

import type { Signature } from './signature.ts';

/**
 * zap prints each refusal twice: `creating peer listener failed`, then the fatal `discovery failed`
 * (etcdmain/etcd.go); capnslog once, as critical. Under systemd capnslog's level and package are gone.
 */
export const START_UP_SIGNATURES: readonly Signature[] = [
  {
    ...refusal('peer-url-panic', /newURLs .*should never fail|^(?:panic: )?failed NewURLs/u),
    meaning:
      'the member list holds a URL that etcd cannot parse; every other member ends on it, at each start',
    remedy: 'correct that URL with a member update through a member that still answers',
  },
  {
    ...refusal('start-no-certificates', /KeyFile and CertFile are not presented/u),
    meaning: 'etcd refused to start: it shall listen on https and has no peer certificate and key',
    remedy: 'set peer-cert-file and peer-key-file, or listen on http',
  },
  {
    ...refusal('start-half-certificates', /KeyFile and (?:Client)?CertFile must both be present/u),
    meaning: 'etcd refused to start: only one of certificate and key is set',
    remedy: 'set both peer-cert-file and peer-key-file',
  },
  {
    ...refusal('start-key-mismatch', /private key does not match public key/u),
    meaning: 'etcd refused to start: a key does not belong to its certificate',
    remedy: 'put certificate and key of one pair in place',
  },
  {
    ...refusal(
      'start-file-unreadable',
      /(?:^|: )open [^:]+: (?:no such file or directory|permission denied|is a directory)/u,
    ),
    meaning:
      'etcd refused to start: a file that its settings name is missing or not readable to it',
    remedy: "put the file there, readable to etcd's user; this holds even while it listens on http",
  },
  {
    ...refusal(
      'start-bad-pem',
      /failed to find any PEM data|could not parse .*(?:cert|PEM)|bad certificate file/iu,
    ),
    isUnverified: true,
    meaning: 'etcd refused to start: a certificate or key file holds no PEM that it can read',
    remedy: 'put an unencrypted PEM file there',
  },
  {
    ...refusal('start-address-in-use', /bind: address already in use/u),
    meaning: 'etcd refused to start: something else listens on that address and port',
    remedy: 'find the other process; http and https cannot share one peer port',
  },
  {
    ...refusal(
      'start-cannot-bind',
      /^(?!.*rejected).*\bbind: (?:cannot assign|permission denied)/u,
    ),
    meaning:
      "etcd refused to start: the host does not have that address, or etcd's user may not bind it",
    remedy: 'listen on an address of the host itself, or 0.0.0.0',
  },
  {
    ...refusal('start-setting-twice', /^conflicting environment variable/u),
    meaning:
      'etcd refused to start: a setting stands both in the environment and on the command line',
    remedy: 'keep it in one of the two places; 3.4 and later refuse both',
  },
  {
    ...refusal('start-unknown-flag', /flag provided but not defined/u),
    meaning: 'etcd refused to start: this version does not know a flag',
    remedy: 'take the flag out; peer-ca-file and ca-file ended with 3.4',
  },
  {
    ...refusal(
      'start-bad-setting',
      /invalid value .* for (?:flag|ETCD_)|URL must not contain a path|expected IP in URL for binding|must be "host:port"|mutually exclusive|error verifying flags/u,
    ),
    meaning: 'etcd refused to start: a setting has a value that it does not accept',
    remedy: 'correct the value; listen URLs need an IP address and no path',
  },
  {
    ...refusal(
      'start-bootstrap',
      /has already been bootstrapped|error validating peerURLs|member count is unequal/u,
    ),
    isUnverified: true,
    meaning:
      'etcd refused to start: its data directory is empty and it would bootstrap a member that exists',
    remedy:
      'stop here: find out where the data directory went, before this member joins as an empty one',
  },
  {
    ...refusal(
      'start-tls-settings',
      /tls-min-version|min version .* is greater than max version|cipher suites cannot be configured|unexpected (?:TLS version|cipher suite)|unsupported cipher suite/iu,
    ),
    isUnverified: true,
    meaning: 'etcd refused to start: its TLS versions or cipher suites cannot be combined',
    remedy: 'correct tls-min-version, tls-max-version or cipher-suites',
  },
  {
    ...refusal(
      'start-client-certificates',
      /key\/cert \(--cert-file, --key-file\) must be provided/u,
    ),
    isUnverified: true,
    meaning:
      'etcd refused to start: a client or metrics URL is https and has no certificate and key',
    remedy: 'set cert-file and key-file: these are about clients, not about peers',
  },
  {
    ...refusal(
      'start-data-directory',
      /cannot (?:access|write to) (?:data|member|WAL) directory|create snapshot directory|invalid datadir|(?:error listing|failed to list) data dir/u,
    ),
    isUnverified: true,
    meaning: 'etcd refused to start: its data directory is not usable to it',
    remedy: "look at owner, mode and disk of data-dir; nothing in it is peershift's to change",
  },
  {
    ...refusal('start-downgrade', /cluster cannot be downgraded|invalid downgrade/u),
    isUnverified: true,
    meaning: 'etcd refused to start: the cluster already has a higher version than this binary',
    remedy: 'start the version that the other members run',
  },
  {
    ...refusal('start-file-limit', /file descriptor limit.* too low/u),
    isUnverified: true,
    meaning: 'etcd refused to start: it may open too few files',
    remedy: 'raise LimitNOFILE of its unit',
  },
  {
    code: 'start-data-locked',
    kind: 'start-up',
    speaker: 'self',
    reasons: [],
    isUnverified: true,
    meaning: 'a starting member waits: another etcd process holds its data, or the file is large',
    remedy: 'find the other process; do not start two on one data directory',
    match: {
      events: ['other'],
      pattern: /^another etcd process is using|^waiting for it to exit/u,
    },
  },
  {
    ...refusal(
      'process-panic',
      /^panic: (?!failed NewURLs|.*(?:lastIndex\(|crc mismatch))|^fatal error: |^runtime error: /u,
    ),
    isUnverified: true,
    meaning: 'an etcd process ended by a panic',
    remedy: 'read the lines after it, and look for an issue of that etcd version',
  },
  {
    code: 'start-not-published',
    kind: 'start-up',
    speaker: 'self',
    reasons: [],
    meaning: 'a starting member cannot publish itself: it does not reach a quorum',
    remedy: 'look at its dials of the others and theirs of it',
    match: {
      events: ['other'],
      pattern: /^failed to publish local member to cluster|^publish error: /u,
    },
  },
];

/** Last of all signatures: what etcd itself calls fatal and nothing else explains. */
export const FATAL_SIGNATURE: Signature = {
  code: 'process-fatal',
  kind: 'start-up',
  speaker: 'self',
  reasons: [],
  meaning: 'an etcd process ended with a fatal error',
  remedy: 'read the line itself',
  match: { events: ['other'], level: 'critical' },
  isFinal: true,
  isFallback: true,
};

function refusal(code: string, pattern: RegExp): Omit<Signature, 'meaning' | 'remedy'> {
  const match = { events: ['other'], pattern } as const;
  return { code, kind: 'start-up', speaker: 'self', reasons: [], match, isFinal: true };
}
