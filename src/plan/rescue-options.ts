/**
 * Turns one member of a cluster without quorum into everything that can be done to it on its host alone:
 * its start, another listener scheme, another leaf, another trust, and peer-auto-tls when it was asked for.
 */

import type { Certificate, FileContent, Leaf } from '../model/certificate.ts';
import type { MemberName } from '../model/ids.ts';
import { loadDisk } from '../model/load.ts';
import { FLAG, type Settings, peerSettings } from '../model/settings.ts';
import type { InstalledFile } from '../model/step.ts';
import { type PeerUrl, type Scheme, urlParts, withPort, withScheme } from '../model/url.ts';
import { type MemberWorld, type World, memberOf } from '../model/world.ts';

/** What is changed on one host, and what the member is after it. */
export interface RescueOption {
  readonly member: MemberName;
  readonly parts: readonly RescuePart[];
  readonly cost: number;
  /** The member as it will run; undefined process when nothing is done to a stopped one. */
  readonly after: MemberWorld;
}

export type RescuePart =
  /** The leaf that is in use is signed again for the same key, with other names; no restart. */
  | { readonly kind: 'leaf'; readonly path: string; readonly leaf: Leaf }
  /** Files under new names, and the settings that name them. */
  | { readonly kind: 'trust'; readonly files: readonly InstalledFile[] }
  | { readonly kind: 'listen'; readonly urls: readonly PeerUrl[] }
  | { readonly kind: 'auto-tls' }
  /** Started, or stopped and started: loads what stands on its disk then. */
  | { readonly kind: 'start' };

export interface RescueMaterial {
  /** What the CA at hand would sign for the key that the member uses now; undefined where it cannot. */
  readonly leaves: Readonly<Record<string, Leaf | undefined>>;
  /** CA, leaf and key under free names; empty where none can be made. */
  readonly files: Readonly<Record<string, readonly InstalledFile[]>>;
  readonly allowsAutoTls: boolean;
  /** Of these too little is known: nothing is done to them. */
  readonly untouchable?: readonly string[];
}

/** A leaf is live at once; a start costs a stop; trust is a wider change than a listener; auto TLS takes everybody in. */
const COST: Readonly<Record<RescuePart['kind'], number>> = {
  leaf: 3,
  start: 4,
  listen: 1,
  trust: 2,
  'auto-tls': 1000,
};

/** Cheapest first; the first one is to leave the member alone. */
export function optionsFor(
  world: World,
  name: MemberName,
  material: RescueMaterial,
): readonly RescueOption[] {
  const member = memberOf(world, name);
  const options: RescueOption[] = [{ member: name, parts: [], cost: 0, after: member }];
  if (material.untouchable?.includes(name) === true) return options;
  for (const leaf of [undefined, leafPart(member, material)]) {
    if (leaf !== undefined) add(options, member, [leaf]);
    for (const trust of trustParts(world, member, material)) {
      for (const listen of listenParts(world, member)) {
        const parts = [leaf, trust, listen].filter((part) => part !== undefined);
        add(options, member, [...parts, { kind: 'start' }]);
      }
    }
  }
  if (material.allowsAutoTls) {
    for (const listen of listenParts(world, member)) {
      const parts = listen === undefined ? [] : [listen];
      add(options, member, [{ kind: 'auto-tls' }, ...parts, { kind: 'start' }]);
    }
  }
  const isNew = ({ parts }: RescueOption, index: number): boolean => {
    const text = JSON.stringify(parts);
    return options.findIndex((other) => JSON.stringify(other.parts) === text) === index;
  };
  return options.filter(isNew).sort((a, b) => a.cost - b.cost);
}

/** Nothing, when the member would not start from what stands on its disk then. */
function add(options: RescueOption[], member: MemberWorld, parts: readonly RescuePart[]): void {
  const after = changed(member, parts);
  if (after === undefined) return;
  const cost = parts.reduce((sum, part) => sum + COST[part.kind], 0);
  options.push({ member: member.name, parts, cost, after });
}

function changed(member: MemberWorld, parts: readonly RescuePart[]): MemberWorld | undefined {
  let { disk, process } = member;
  for (const part of parts) {
    switch (part.kind) {
      case 'leaf':
        disk = withFiles(disk, { [part.path]: { kind: 'leaf', leaf: part.leaf } });
        break;
      case 'trust':
        disk = withFiles(disk, contentsOf(part.files));
        disk = { ...disk, settings: { ...disk.settings, ...settingsFor(part.files) } };
        break;
      case 'listen':
        disk = withSetting(disk, FLAG.listenPeerUrls, part.urls.join(','));
        break;
      case 'auto-tls':
        disk = { ...disk, settings: autoTls(disk.settings) };
        break;
      case 'start': {
        const loaded = loadDisk(disk, member.version);
        if (!loaded.ok) return undefined;
        process = loaded.value;
        break;
      }
    }
  }
  return { ...member, disk, process };
}

/** The settings that name installed files; a listener that speaks TLS then demands a leaf as the plan wants it. */
function settingsFor(files: readonly InstalledFile[]): Settings {
  const flags = { ca: FLAG.peerTrustedCaFile, leaf: FLAG.peerCertFile, key: FLAG.peerKeyFile };
  const named = files.map(({ role, path }) => [flags[role], path] as const);
  return { ...Object.fromEntries(named), [FLAG.peerClientCertAuth]: 'true' };
}

/** Its own certificate and no CA: the listener demands nothing, and the dialer checks nothing. */
function autoTls(settings: Settings): Settings {
  const without: readonly string[] = [
    FLAG.peerCertFile,
    FLAG.peerKeyFile,
    FLAG.peerTrustedCaFile,
    FLAG.peerClientCertAuth,
  ];
  const kept = Object.entries(settings).filter(([flag]) => !without.includes(flag));
  return { ...Object.fromEntries(kept), [FLAG.peerAutoTls]: 'true' };
}

function leafPart(member: MemberWorld, material: RescueMaterial): RescuePart | undefined {
  const path = (member.process?.peer ?? peerSettings(member.disk.settings)).certFile;
  const leaf = material.leaves[member.name];
  const present = path === undefined ? undefined : member.disk.files[path];
  if (path === undefined || leaf === undefined || present?.kind !== 'leaf') return undefined;
  // The key stays where it is: another leaf for it is one file, replaced in one rename.
  return present.leaf.keyId === leaf.keyId ? { kind: 'leaf', path, leaf } : undefined;
}

/** The trust that it has; its own leaf with every CA that is in use; a new leaf and that. */
function trustParts(
  world: World,
  member: MemberWorld,
  material: RescueMaterial,
): readonly (RescuePart | undefined)[] {
  const files = material.files[member.name] ?? [];
  const ca = files.find(({ role }) => role === 'ca');
  if (ca === undefined) return [undefined];
  const bundle: InstalledFile = {
    ...ca,
    content: { kind: 'pool', authorities: authoritiesIn(world, ca.content) },
  };
  const hasLeaf = peerSettings(member.disk.settings).certFile !== undefined;
  const all = [bundle, ...files.filter(({ role }) => role !== 'ca')];
  return [
    undefined,
    ...(hasLeaf ? [{ kind: 'trust' as const, files: [bundle] }] : []),
    ...(all.length === 3 ? [{ kind: 'trust' as const, files: all }] : []),
  ];
}

/** Every CA that any member trusts or that is about to be, by fingerprint. */
function authoritiesIn(world: World, own: FileContent): readonly Certificate[] {
  const pools = world.members.flatMap(({ disk, process }) => {
    const paths = [peerSettings(disk.settings).trustedCaFile, process?.peer.trustedCaFile];
    return paths.map((path) => (path === undefined ? undefined : disk.files[path]));
  });
  const all = [own, ...pools].flatMap((content) => {
    return content?.kind === 'pool' ? content.authorities : [];
  });
  return [...new Map(all.map((each) => [each.fingerprint, each])).values()];
}

/** As it is; and each scheme by which some member's list calls it. */
function listenParts(world: World, member: MemberWorld): readonly (RescuePart | undefined)[] {
  const called = urlsFor(world, member.name);
  const schemes = [...new Set(called.map((url) => urlParts(url).scheme))].sort();
  const present = peerSettings(member.disk.settings).listen;
  const fitted = schemes.flatMap((scheme): readonly RescuePart[] => {
    const urls = fittedTo(present, called, scheme);
    return urls.join() === present.join() ? [] : [{ kind: 'listen', urls }];
  });
  return [undefined, ...fitted];
}

/** By what URLs the lists of the others call this member. */
function urlsFor(world: World, name: string): readonly PeerUrl[] {
  const all = world.members
    .filter((each) => each.name !== name)
    .flatMap(({ view }) => view[name] ?? []);
  return [...new Set(all)].sort();
}

/** The listeners on the ports that the lists name speak this scheme; a port that nobody listens on is opened. */
function fittedTo(
  present: readonly PeerUrl[],
  called: readonly PeerUrl[],
  scheme: Scheme,
): readonly PeerUrl[] {
  const ports = called
    .filter((url) => urlParts(url).scheme === scheme)
    .map((url) => urlParts(url).port);
  const kept = present.map((url) => {
    return ports.includes(urlParts(url).port) ? withScheme(url, scheme) : url;
  });
  const open = new Set(kept.map((url) => urlParts(url).port));
  const [first] = kept;
  const missing = ports.filter((port) => !open.has(port));
  const added =
    first === undefined
      ? []
      : missing.map((port) => {
          return withScheme(withPort(first, port), scheme);
        });
  return [...new Set([...kept, ...added])];
}

function contentsOf(files: readonly InstalledFile[]): MemberWorld['disk']['files'] {
  return Object.fromEntries(files.map(({ path, content }) => [path, content]));
}

function withFiles(
  disk: MemberWorld['disk'],
  files: MemberWorld['disk']['files'],
): MemberWorld['disk'] {
  return { ...disk, files: { ...disk.files, ...files } };
}

function withSetting(disk: MemberWorld['disk'], flag: string, to: string): MemberWorld['disk'] {
  return { ...disk, settings: { ...disk.settings, [flag]: to } };
}
