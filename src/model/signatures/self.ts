/** What a member says of itself: its links as a whole, its data, its load, the member list, its own start and stop. */

import type { Signature, SignatureKind } from './signature.ts';

const LINKS: readonly Signature[] = [
  {
    ...self('stream-lost', 'peer-link'),
    reasons: 'any',
    meaning: 'a stream that carried raft messages to or from a peer ended',
    remedy: 'none while one of the two stops or starts; else look at the network between them',
    match: { events: ['stream-lost', 'stream-failed'] },
  },
  {
    ...self('peer-inactive', 'peer-link'),
    reasons: 'any',
    meaning: 'nothing goes to or comes from that peer any more, or its last dial failed',
    remedy:
      'look at the line before it; on the side that cannot dial of a one-way link it is normal',
    match: { events: ['peer-inactive'] },
  },
];

const DATA: readonly Signature[] = [
  {
    ...self('data-differs', 'data'),
    isUnverified: true,
    meaning: 'two members hold different data at one revision',
    remedy: 'stop all changes and compare HashKV; the odd member is removed, wiped and added again',
    match: other(
      /found data inconsistency with peers|found (?:different hash values|hash mismatch)|'s hash \d+ != |mismatched hash|compaction hash mismatch|hashes must match|data corruption/iu,
    ),
  },
  {
    ...self('data-alarm', 'data'),
    isUnverified: true,
    meaning: 'etcd raised the CORRUPT alarm',
    remedy: 'stop all changes; the member that differs is removed, wiped and added again',
    match: other(/alarm (?:type: )?CORRUPT raised|raised? alarm.*CORRUPT/iu),
  },
  {
    ...self('data-raft-log', 'data'),
    isUnverified: true,
    meaning: "a member's raft log lacks entries that it had confirmed: its disk lost data",
    remedy: 'do not restart it again and again; remove it, wipe its data directory, add it again',
    match: other(/is out of range \[lastIndex\(|Was the raft log corrupted/u),
  },
  {
    ...self('data-checksum', 'data'),
    isUnverified: true,
    meaning: 'a write-ahead log or snapshot file does not match its own checksum',
    remedy: "keep a copy of the member's data directory; remove the member, wipe it, add it again",
    match: other(
      /crc mismatch|checksum mismatch|corrupt(?:ed)? (?:snapshot|wal|file|database)|snap: .*corrupted/iu,
    ),
  },
  {
    ...self('data-backend', 'data'),
    isUnverified: true,
    meaning: 'the database file of a member could not be opened or recovered',
    remedy:
      "keep a copy of the member's data directory; restore it from the others or from a backup",
    match: other(
      /failed to recover v3 backend|failed to open (?:database|backend)|database file .*not found/iu,
    ),
  },
];

const LOAD: readonly Signature[] = [
  {
    ...self('slow-disk', 'load'),
    isUnverified: true,
    meaning: 'writing to disk took longer than etcd expects',
    remedy: 'give etcd a faster disk, or less company on it',
    match: other(/^slow fdatasync|^sync duration of/u),
  },
  {
    ...self('heartbeat-late', 'load'),
    meaning: 'a leader could not send its heartbeats on time: its disk or its host is overloaded',
    remedy: 'look at disk and processor of that host',
    match: other(/failed to send out heartbeat on time|^server is likely overloaded/u),
  },
  {
    ...self('slow-request', 'load'),
    meaning: 'a request took longer than etcd expects',
    remedy: 'look at disk and processor, and at how much the request touches',
    match: other(/^(?!leader failed).*took too long/u),
  },
  {
    ...self('messages-dropped', 'load'),
    isUnverified: true,
    meaning:
      'raft messages were dropped because a buffer was full: a slow or one-way link, or an overloaded host',
    remedy: 'look at that link; over a one-way link only four messages are under way at a time',
    match: other(/^dropped .*(?:raft message|since )/iu),
  },
  {
    ...self('read-late', 'load'),
    isUnverified: true,
    meaning: 'a linearizable read waited in vain for the leader: slow network or no quorum',
    remedy: 'look at the links to the leader, and whether there is one',
    match: other(/^timed out waiting for read index response|^timed out sending read state/u),
  },
  {
    ...self('leader-lost', 'load'),
    meaning: 'this member knew no leader for a moment, or ceased to lead as it heard no quorum',
    remedy: 'none around a restart; else look at the links and the disks of the members',
    match: other(/stepped down to follower since quorum is not active| lost leader /u),
  },
  {
    ...self('transfer-failed', 'load'),
    isUnverified: true,
    meaning: 'a stopping leader could not hand over: an election follows its end',
    remedy: 'move the leader before the stop, to a member that it can reach',
    match: other(/^leadership transfer failed|failed to transfer leadership/u),
  },
  {
    ...self('snapshot-not-written', 'load'),
    isUnverified: true,
    meaning: 'writing a raft snapshot for a peer broke off',
    remedy: 'look at the link to the member that lags behind',
    match: other(/^failed to (?:send database snapshot to writer|write database snapshot out)/u),
  },
  {
    ...self('clock-difference', 'load'),
    isUnverified: true,
    meaning: 'the clocks of two hosts are apart',
    remedy: 'let both hosts follow one time source; certificates have dates',
    match: other(/clock difference against peer|^prober found high clock drift/u),
  },
  {
    ...self('no-space', 'load'),
    isUnverified: true,
    meaning: 'a database has reached its quota and takes no more writes',
    remedy: 'compact, defragment, then disarm the alarm',
    match: other(
      /alarm (?:type: )?NOSPACE raised|raised? alarm.*NOSPACE|database space exceeded/iu,
    ),
  },
];

const MEMBERSHIP: readonly Signature[] = [
  {
    ...self('member-removed', 'membership'),
    isUnverified: true,
    meaning: 'a member was removed from the cluster, or one that was removed still dials',
    remedy: 'stop the removed process',
    match: other(
      /permanently removed from the cluster|was removed$|since it was removed|^removed member|^detected removed member/u,
    ),
  },
  {
    ...self('member-urls-updated', 'membership'),
    meaning: 'the member list has new peer URLs for a member, and this member has applied them',
    remedy: 'none',
    match: other(/^updated member\b/u),
  },
  {
    ...self('member-added', 'membership'),
    meaning:
      'this member has learned of a member, from its own log at a start or because it is new',
    remedy: 'none at a start',
    match: other(/^added member\b/u),
  },
  {
    ...self('change-ignored', 'membership'),
    isUnverified: true,
    meaning: 'a membership change was dropped because another one was not applied yet',
    remedy: 'send it again after reading the list back',
    match: other(/ignoring conf change|^rejecting (?:conf change|member|promote)/u),
  },
];

const PROGRESS: readonly Signature[] = [
  progress('starting', 'an etcd process has started', /^etcd Version: |^starting an etcd server/u),
  progress(
    'serving-peers',
    'the peer listener is open',
    /^listening for peers on |^serving peer traffic/u,
  ),
  progress('serving-clients', 'the member serves clients', /^ready to serve client requests/u),
  progress(
    'stopping',
    'the process was asked to end',
    /^received \S+ signal, shutting down|^received signal; shutting down|^closing etcd server/u,
  ),
  progress(
    'stopped',
    'the process has closed its server',
    /^closed etcd server|^stopped serving peer traffic/u,
  ),
  {
    ...self('link-active', 'link-good'),
    meaning: 'messages go to or come from that peer again',
    remedy: 'none',
    match: other(/^peer (?:[0-9a-f]+ )?became active/u),
  },
  {
    ...self('stream-established', 'link-good'),
    meaning: 'a stream to or from that peer was opened',
    remedy: 'none',
    match: other(/^established (?:a )?TCP streaming connection/u),
  },
];

export const SELF_SIGNATURES: readonly Signature[] = [
  ...LINKS,
  ...DATA,
  ...LOAD,
  ...MEMBERSHIP,
  ...PROGRESS,
];

function progress(code: string, meaning: string, pattern: RegExp): Signature {
  return { ...self(code, 'progress'), meaning, remedy: 'none', match: other(pattern) };
}

function other(pattern: RegExp): Signature['match'] {
  return { events: ['other'], pattern };
}

function self(
  code: string,
  kind: SignatureKind,
): Pick<Signature, 'code' | 'kind' | 'speaker' | 'reasons'> {
  return { code, kind, speaker: 'self', reasons: [] };
}
