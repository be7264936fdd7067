/** The desired spec: a plan file, checked and complete, with every default written out. */

import type { MemberName } from './ids.ts';
import type { PeerUrl } from './url.ts';

export const STRATEGIES = [
  'documented',
  'dual-url',
  'dual-listener',
  'trust-first',
  'fewest-restarts',
  'rebuild',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const SCOPES = ['peer', 'client', 'peer+client'] as const;
export type Scope = (typeof SCOPES)[number];

export function movesClients(scope: Scope): boolean {
  return scope !== 'peer';
}

export function movesPeers(scope: Scope): boolean {
  return scope !== 'client';
}

/** `documented`, `clients`, `documented, then clients`: the strategy is about the peers alone. */
export function wayText({ scope, strategy }: Pick<DesiredSpec, 'scope' | 'strategy'>): string {
  const parts = [
    ...(movesPeers(scope) ? [strategy] : []),
    ...(movesClients(scope) ? ['clients'] : []),
  ];
  return parts.join(', then ');
}

export const KEY_ALGORITHMS = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096'] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

export const PKI_MODES = ['issue', 'provided', 'in-place'] as const;
export type PkiMode = (typeof PKI_MODES)[number];

export type Argv = readonly [string, ...string[]];

export interface DesiredSpec {
  readonly version: 1;
  readonly name: string;
  /** The plan file's own path, as the person wrote it; relative paths inside were resolved against its folder. */
  readonly planFile: string;
  readonly strategy: Strategy;
  readonly scope: Scope;
  readonly memberApi: 'grpc' | 'etcdctl';
  readonly cluster: DesiredCluster;
  readonly pki: DesiredPki;
  /** Absent: the scope is the peers alone. */
  readonly clients?: DesiredClients;
  readonly members: readonly DesiredMember[];
  /** Undefined: followers by name, the leader last. */
  readonly order: readonly MemberName[] | undefined;
  /** Names of rules whose costly breach the person accepted. */
  readonly accept: readonly string[];
  readonly gates: DesiredGates;
  readonly hooks: DesiredHooks;
  readonly onFailure: 'rollback' | 'pause';
  readonly takesBackup: boolean;
}

export interface DesiredCluster {
  readonly endpoints: readonly string[];
  readonly via: 'direct' | 'ssh';
  /**
   * Absolute paths on the operator's machine. With a scope that moves the clients, what is used once a member
   * answers https, beside endpoints that say http; the files may come into being in mid-run (mode issue).
   */
  readonly tls:
    | { readonly ca: string; readonly cert: string | undefined; readonly key: string | undefined }
    | undefined;
  readonly auth: { readonly username: string; readonly passwordEnv: string } | undefined;
  /** Where the program is on the hosts; absent: on their PATH. */
  readonly etcdctl?: string;
}

export interface DesiredPki {
  readonly mode: PkiMode;
  readonly directory: string;
  readonly ca: { readonly cert: string; readonly key: string | undefined } | undefined;
  readonly algorithm: KeyAlgorithm;
  readonly days: number;
  readonly isShared: boolean;
}

/** What is wanted of the client side. */
export interface DesiredClients {
  /** The last change: https clients must show a certificate of this CA. */
  readonly certAuth: boolean;
  /** Absolute paths; of its own, since what the peers' CA signs could join the cluster as a peer. */
  readonly ca: { readonly cert: string; readonly key: string };
  /** A person named it: it is not made. */
  readonly isGivenCa: boolean;
}

export interface DesiredMember {
  readonly name: MemberName;
  readonly host: HostSpec;
  readonly service: ServiceSpec;
  readonly config: ConfigSpec;
  readonly tls: {
    readonly directory: string;
    readonly owner: string | undefined;
    readonly group: string | undefined;
  };
  /** Undefined: the present peer URL with https. */
  readonly peerUrl: PeerUrl | undefined;
  readonly certificate: {
    /** Absolute paths: on the operator's machine when provided, on the host when in-place. */
    readonly cert: string | undefined;
    readonly key: string | undefined;
    readonly sans: readonly string[];
  };
  /** What it shows to clients; absent where they are not moved. */
  readonly clientCertificate?: DesiredMember['certificate'];
  readonly sourceAddresses: readonly string[];
  /** Empty: the present listen URLs with the scheme changed. */
  readonly listenPeerUrls: readonly PeerUrl[];
}

export interface HostSpec {
  readonly transport: 'ssh' | 'local';
  /** What other members and certificates call this host; undefined: the host of the peer URL. */
  readonly address: string | undefined;
  /** Here and below, undefined: what ~/.ssh/config says, else the default. */
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFile: string | undefined;
  readonly agent: string | undefined;
  readonly jump: string | undefined;
  readonly passphraseEnv: string | undefined;
  readonly passwordEnv: string | undefined;
  readonly sudo: false | 'without-password' | { readonly passwordEnv: string };
}

export type ServiceSpec =
  | { readonly manager: 'systemd'; readonly unit: string }
  | { readonly manager: 'docker'; readonly container: string; readonly binary: 'docker' | 'podman' }
  | {
      readonly manager: 'static-pod';
      readonly path: string;
      /** Where the kubelet keeps the logs of pods; absent: its default. */
      readonly podLogs?: string;
    }
  | {
      readonly manager: 'command';
      readonly start: Argv;
      readonly stop: Argv;
      readonly status: Argv;
      /** Undefined: this member's log cannot be read; the log gate then says unknown. */
      readonly logFile: string | undefined;
    };

export interface ConfigSpec {
  readonly format: 'env-file' | 'yaml' | 'flags';
  readonly path: string;
}

/** The folder on its host that belongs to this member alone: that of its settings; of a container, of its TLS files. */
export function settingsFolder({
  service,
  config,
  tls,
}: Pick<DesiredMember, 'service' | 'config' | 'tls'>): string {
  if (service.manager === 'docker') return tls.directory;
  return config.path.slice(0, config.path.lastIndexOf('/'));
}

export interface DesiredGates {
  readonly startMs: number;
  readonly timeoutMs: number;
  readonly quietMs: number;
  readonly maxLag: number;
  readonly canary: false | DesiredCanary;
  readonly deadmanMs: number | undefined;
  /** A busier cluster is waited for before the next change; absent: its load is not looked at. */
  readonly load?: LoadBounds;
}

/** What is done through every member all run long, and how much of it may fail. */
export interface DesiredCanary {
  readonly writes: boolean;
  readonly leases: boolean;
  /** No member took a write for so long. */
  readonly longestGapMs: number;
  /** Undefined: they are counted only. */
  readonly failedKeepalives: number | undefined;
}

export interface LoadBounds {
  /** 99 % of the writes of a member's log take no longer. */
  readonly fsyncMs: number | undefined;
  /** No more proposals wait at a member. */
  readonly pending: number | undefined;
}

export interface DesiredHooks {
  readonly beforeStep: Argv | undefined;
  readonly afterGate: Argv | undefined;
  readonly onFailure: Argv | undefined;
}
