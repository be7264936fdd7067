/** The doors between the stages that touch the world (discover, run) and the rim that does it. Types only. */

import type { Result } from './base/result.ts';
import type { Certificate, CaId, Leaf } from './model/certificate.ts';
import type { KeyAlgorithm } from './model/desired.ts';
import type { PeershiftEvent } from './model/event.ts';
import type { Failure } from './model/failure.ts';
import type { MemberId } from './model/ids.ts';
import type { JournalEntry } from './model/journal.ts';
import type { Fact, MemberStatus } from './model/observed.ts';
import type { SettingChange, Settings } from './model/settings.ts';
import type { PeerUrl } from './model/url.ts';

/** Every call of every door ends in time by itself; a deadline that passes is an error value. */
export type Answer<T> = Promise<Result<T, Failure>>;

export interface Clock {
  nowMs(): number;
  /** Resolves early, without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

// ---------------------------------------------------------------- hosts

export interface ExecOptions {
  readonly deadlineMs: number;
  readonly stdin?: string | Uint8Array;
  /** Stands in the command's own process list entry, so that a later run can find it when we died. */
  readonly marker?: string;
}

export interface ExecOutcome {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HostFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAtMs: number;
}

export interface WriteOptions {
  /** Left as it is for an existing file when undefined; 0600 for a new one. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface HostProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  readonly uid: number;
  readonly gid: number;
}

/** One machine. Argv in, no shell text; writes are temp file, fsync, rename. */
export interface Host {
  readonly label: string;
  /** Judged by the command's exit, not by closed pipes; minimal environment (PATH, HOME, LANG). */
  exec(argv: readonly string[], options: ExecOptions): Answer<ExecOutcome>;
  /** Undefined when there is no such file. */
  readFile(path: string): Answer<HostFile | undefined>;
  /** At most `maxBytes` from `offset`; for logs. Undefined when there is no such file. */
  readRange(path: string, offset: number, maxBytes: number): Answer<HostRange | undefined>;
  /** Makes missing parent folders with mode 0755; an existing folder is left alone. */
  writeFile(path: string, bytes: Uint8Array, options: WriteOptions): Answer<undefined>;
  removeFile(path: string): Answer<undefined>;
  /** Undefined when there is no such process (a zombie counts as none). */
  process(pid: number): Answer<HostProcess | undefined>;
  /** Can this user and group read the file, folders above included? */
  isReadableBy(path: string, uid: number, gid: number): Answer<boolean>;
  /** The source address that a connection to this IP address or name would have. */
  sourceAddressTo(target: string): Promise<Fact<string>>;
  /** Process ids of commands that were started with this marker and still run. */
  commandsMarked(marker: string): Answer<readonly number[]>;
  /** Numeric ids of a user and a group by name; undefined parts when not asked. */
  ownerIds(owner: string | undefined, group: string | undefined): Answer<{ uid?: number; gid?: number }>;
  close(): Promise<void>;
}

export interface HostRange {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  /** Device and inode: another one means that the file was rotated. */
  readonly identity: string;
}

// ---------------------------------------------------------------- services and their logs

export interface ServiceState {
  readonly isRunning: boolean;
  /** Of the etcd process itself, when running and when it could be told. */
  readonly pid: number | undefined;
}

export interface ServiceOptions {
  readonly deadlineMs: number;
  readonly marker: string;
}

export interface Service {
  state(): Promise<Fact<ServiceState>>;
  /** May return before the member serves; harmless when it runs already. */
  start(options: ServiceOptions): Answer<undefined>;
  /** Returns when the process is gone. */
  stop(options: ServiceOptions): Answer<undefined>;
}

/** Opaque and plain JSON, so that it can stand in a journal. */
export type LogCursor = Readonly<Record<string, string | number>>;

export interface LogLines {
  readonly lines: readonly string[];
  readonly cursor: LogCursor;
  /** More is there than was read in this call. */
  readonly hasMore: boolean;
}

export interface LogSource {
  /** The end of the log as it is now. */
  end(): Answer<LogCursor>;
  /** Whole lines since the cursor; survives truncation and rotation. */
  since(cursor: LogCursor): Answer<LogLines>;
}

// ---------------------------------------------------------------- settings

export interface ConfigFile {
  readonly path: string;
  readonly settings: Settings;
  /** SHA-256 of the bytes, in hex. */
  readonly digest: string;
  readonly text: string;
  /** What makes the file unfit to be edited, in words; empty when it is fit. */
  readonly problems: readonly string[];
}

export interface ConfigWrite {
  readonly changes: readonly SettingChange[];
  /** The file must still have this digest. */
  readonly expectDigest: string;
  /** The original is kept beside it as `<file>.peershift-<suffix>`, once. */
  readonly backupSuffix: string;
}

/** The settings of one member, wherever they live. */
export interface MemberConfig {
  read(): Answer<ConfigFile>;
  /** The text after the changes; nothing is written. */
  edited(file: ConfigFile, changes: readonly SettingChange[]): Result<string, Failure>;
  /** Digest of what now stands there. */
  write(write: ConfigWrite): Answer<{ readonly digest: string; readonly backupPath: string }>;
  /** Puts the kept original back, bytes, owner and mode; the file must still have the digest. */
  restore(backupPath: string, expectDigest: string): Answer<{ readonly digest: string }>;
}

// ---------------------------------------------------------------- etcd

export interface ListedMember {
  readonly id: MemberId;
  /** Empty while the member has never started. */
  readonly name: string;
  /** As the list has them: nothing has checked these. */
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberList {
  /** Hex. */
  readonly clusterId: string;
  /** Who answered. */
  readonly answeredBy: MemberId;
  readonly members: readonly ListedMember[];
}

export interface EndpointStatus extends MemberStatus {
  readonly memberId: MemberId;
  readonly clusterId: string;
  /** Applied index, or the raft index where the version does not tell it (before 3.4). */
  readonly raftIndex: number;
}

export interface KvHash {
  readonly hash: string;
  readonly compactRevision: string;
}

/** One member's client URL. Each call goes to that member, once, and ends by its deadline. */
export interface EtcdMember {
  readonly endpoint: string;
  members(): Answer<MemberList>;
  status(): Answer<EndpointStatus>;
  /** `GET /health`. */
  health(): Answer<{ readonly isHealthy: boolean; readonly reason: string | undefined }>;
  /** `GET /metrics`: sample name with labels, as written, to value. */
  metrics(): Answer<ReadonlyMap<string, number>>;
  alarms(): Answer<readonly { readonly memberId: MemberId; readonly alarm: string }[]>;
  /** Replaces the whole list of one member's peer URLs. A missing answer is UPDATE_UNCERTAIN. */
  updatePeerUrls(id: MemberId, urls: readonly PeerUrl[]): Answer<undefined>;
  /** Must be sent to the leader. */
  moveLeader(target: MemberId, deadlineMs: number): Answer<undefined>;
  /** Current revision by a linearizable read. */
  revision(): Answer<string>;
  hashKv(revision: string): Answer<KvHash>;
  /** Streams the snapshot into a local file, fsyncs it and checks the SHA-256 at its end. */
  snapshot(path: string): Answer<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** Creates the key under a new lease if it does not exist; says who holds it otherwise. */
  acquireLock(key: string, owner: string, ttlSeconds: number): Answer<LockAttempt>;
  /** Seconds left after the renewal; 0 when the lease is gone. */
  renewLease(leaseId: string): Answer<number>;
  /** Linearizable: does the key still have this create revision? */
  holdsLock(key: string, createRevision: string): Answer<boolean>;
  releaseLock(key: string, createRevision: string, leaseId: string): Answer<undefined>;
  close(): void;
}

export type LockAttempt =
  | { readonly kind: 'acquired'; readonly leaseId: string; readonly createRevision: string }
  | {
      readonly kind: 'held';
      readonly owner: string;
      readonly leaseId: string;
      readonly createRevision: string;
      readonly ttlSeconds: number;
    };

/** Opens a member's client URL; connecting happens at the first call. */
export type OpenEtcd = (endpoint: string) => EtcdMember;

// ---------------------------------------------------------------- certificates

export interface Pem {
  readonly pem: string;
}

export interface IssuedLeaf {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificate: Certificate;
}

export interface LeafRequest {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly algorithm: KeyAlgorithm;
  readonly days: number;
}

export interface Pki {
  makeAuthority(commonName: string, algorithm: KeyAlgorithm, days: number): Answer<{ certificatePem: string; keyPem: string }>;
  issueLeaf(authority: { certificatePem: string; keyPem: string }, request: LeafRequest): Answer<IssuedLeaf>;
  /** Every certificate of a PEM text, in order; the reason when there is none or one is broken. */
  readCertificates(text: string): Result<readonly Certificate[], string>;
  /** Of a private key etcd can read (unencrypted PEM): the SHA-256 of its public half; else the reason. */
  readKeyId(text: string): Result<string, string>;
  /** Which of these CA certificates verify the first certificate of the text (the rest are intermediates), dates aside. */
  trustedBy(leafText: string, authorityTexts: readonly string[]): readonly CaId[];
  readLeaf(text: string, authorityTexts: readonly string[]): Result<Leaf, string>;
}

// ---------------------------------------------------------------- records

export interface JournalStore {
  /** Durable (fsync) when it resolves. */
  append(entry: JournalEntry): Answer<undefined>;
}

export interface EventSink {
  emit(event: PeershiftEvent): void;
}

/** What one member is made of at the rim. */
export interface MemberDoors {
  readonly host: Host;
  readonly service: Service;
  readonly config: MemberConfig;
  /** Undefined: no log can be read; the reason is for people. */
  readonly log: LogSource | undefined;
}
