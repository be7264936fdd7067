/**
 * Turns etcd's settings, wherever they are kept, into one map from flag name to value, and reads the
 * peer part of it. Flag names are etcd's own (`--listen-peer-urls`), without the dashes in front;
 * environment names follow by rule (pkg/flags/flag.go: `ETCD_` + upper case with `-` as `_`).
 */

import { Canonical } from '../base/canonical.ts';
import { type PeerUrl, parsePeerUrl } from './url.ts';

/** Flag name to value. A flag that is absent has etcd's default. */
export type Settings = Readonly<Record<string, string>>;

/** One edit of a member's settings; `to` undefined takes the setting out. */
export interface SettingChange {
  readonly flag: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export const FLAG = {
  name: 'name',
  dataDir: 'data-dir',
  listenPeerUrls: 'listen-peer-urls',
  listenClientUrls: 'listen-client-urls',
  advertiseClientUrls: 'advertise-client-urls',
  initialAdvertisePeerUrls: 'initial-advertise-peer-urls',
  initialCluster: 'initial-cluster',
  initialClusterState: 'initial-cluster-state',
  peerCertFile: 'peer-cert-file',
  peerKeyFile: 'peer-key-file',
  peerTrustedCaFile: 'peer-trusted-ca-file',
  peerClientCertAuth: 'peer-client-cert-auth',
  peerAutoTls: 'peer-auto-tls',
  peerCertAllowedCn: 'peer-cert-allowed-cn',
  peerCertAllowedHostname: 'peer-cert-allowed-hostname',
  peerSkipClientSan: 'experimental-peer-skip-client-san-verification',
  /** The name since 3.6, and in the YAML file. */
  peerSkipClientSanPlain: 'peer-skip-client-san-verification',
  peerCrlFile: 'peer-crl-file',
  /** Deprecated; implies client cert auth on 3.2 and 3.3, removed in 3.4. */
  peerCaFile: 'peer-ca-file',
  certFile: 'cert-file',
  keyFile: 'key-file',
  trustedCaFile: 'trusted-ca-file',
  clientCertAuth: 'client-cert-auth',
  autoTls: 'auto-tls',
} as const;

/** The settings a peershift run may write. Everything else in a member's configuration is left alone. */
export const OWNED_FLAGS: readonly string[] = [
  FLAG.listenPeerUrls,
  FLAG.initialAdvertisePeerUrls,
  FLAG.initialCluster,
  FLAG.initialClusterState,
  FLAG.peerCertFile,
  FLAG.peerKeyFile,
  FLAG.peerTrustedCaFile,
  FLAG.peerClientCertAuth,
];

/** What a run writes beside them when it moves the clients. */
export const CLIENT_FLAGS: readonly string[] = [
  FLAG.listenClientUrls,
  FLAG.advertiseClientUrls,
  FLAG.certFile,
  FLAG.keyFile,
  FLAG.trustedCaFile,
  FLAG.clientCertAuth,
];

const ALL_FLAGS: readonly string[] = [...OWNED_FLAGS, ...CLIENT_FLAGS];

/**
 * The flags that settings to be written decide about: those of the peers, and where they say on which URLs
 * clients are served, those of the clients too. A flag of these that is absent is to be absent.
 */
export function decidedFlags(settings: Settings): readonly string[] {
  return settings[FLAG.listenClientUrls] === undefined ? OWNED_FLAGS : ALL_FLAGS;
}

/** What a member's process does on the peer side, or will do after its next start. */
export interface PeerSettings {
  readonly listen: readonly PeerUrl[];
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly trustedCaFile: string | undefined;
  readonly hasClientCertAuth: boolean;
  readonly hasAutoTls: boolean;
  readonly skipsClientSan: boolean;
  readonly allowedCn: string | undefined;
  readonly allowedHostname: string | undefined;
}

const DEFAULT_LISTEN = 'http://localhost:2380';

/** Settings never change, and a proof reads the same few some ten thousand times. */
const READ = new WeakMap<Settings, PeerSettings>();

export function peerSettings(settings: Settings): PeerSettings {
  const known = READ.get(settings);
  if (known !== undefined) return known;
  const peer = readPeer(settings);
  READ.set(settings, peer);
  return peer;
}

function readPeer(settings: Settings): PeerSettings {
  const text = (flag: string): string | undefined => {
    const value = settings[flag];
    return value === undefined || value === '' ? undefined : value;
  };
  const yes = (flag: string): boolean => settings[flag]?.toLowerCase() === 'true';
  return {
    listen: urlList(settings[FLAG.listenPeerUrls] ?? DEFAULT_LISTEN),
    certFile: text(FLAG.peerCertFile),
    keyFile: text(FLAG.peerKeyFile),
    trustedCaFile: text(FLAG.peerTrustedCaFile),
    hasClientCertAuth: yes(FLAG.peerClientCertAuth),
    hasAutoTls: yes(FLAG.peerAutoTls) && text(FLAG.peerCertFile) === undefined,
    skipsClientSan: yes(FLAG.peerSkipClientSan) || yes(FLAG.peerSkipClientSanPlain),
    allowedCn: text(FLAG.peerCertAllowedCn),
    allowedHostname: text(FLAG.peerCertAllowedHostname),
  };
}

/** The well-formed URLs of a comma separated list; what etcd itself would refuse is not in it. */
export function urlList(text: string): readonly PeerUrl[] {
  return text.split(',').flatMap((part) => {
    const url = parsePeerUrl(part.trim());
    return url.ok ? [url.value] : [];
  });
}

/** The settings after the changes, in flag order. */
export function withChanges(settings: Settings, changes: readonly SettingChange[]): Settings {
  const known = CHANGED.get(changes);
  if (known?.before === settings) return known.after;
  const after = oneSettings(changed(settings, changes));
  CHANGED.set(changes, { before: settings, after });
  return after;
}

const SETTINGS = new Canonical<Settings>((settings) => JSON.stringify(settings));

/** Equal settings are one object: what was read from them is known wherever they are met again. */
export function oneSettings(settings: Settings): Settings {
  return SETTINGS.one(settings);
}

/** One step's changes are applied while it is planned, and again while it is proven. */
const CHANGED = new WeakMap<readonly SettingChange[], Changed>();

interface Changed {
  readonly before: Settings;
  readonly after: Settings;
}

function changed(settings: Settings, changes: readonly SettingChange[]): Settings {
  const after: Record<string, string> = { ...settings };
  for (const change of changes) {
    if (change.to === undefined) Reflect.deleteProperty(after, change.flag);
    else after[change.flag] = change.to;
  }
  return Object.fromEntries(Object.entries(after).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What turns `before` into `after`, over the settings that `after` decides about. */
export function settingChanges(before: Settings, after: Settings): readonly SettingChange[] {
  return decidedFlags(after)
    .filter((flag) => before[flag] !== after[flag])
    .map((flag) => ({
      flag,
      from: before[flag],
      to: after[flag],
    }));
}

export function environmentName(flag: string): string {
  return `ETCD_${flag.toUpperCase().replaceAll('-', '_')}`;
}

export function flagOfEnvironment(name: string): string | undefined {
  if (!name.startsWith('ETCD_')) return undefined;
  return name.slice('ETCD_'.length).toLowerCase().replaceAll('_', '-');
}
