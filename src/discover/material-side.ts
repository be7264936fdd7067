/** What certificates of the peer side and of the client side differ in: whose CA, which files, which names. */

import { normalAddress } from '../model/certificate.ts';
import { clientSettings } from '../model/client-settings.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import { type MemberName, memberName } from '../model/ids.ts';
import {
  type LeafMaterial,
  type LeafNames,
  PLANNED_AUTHORITY,
  plannedLeafId,
} from '../model/material.ts';
import { type ObservedMember, type ObservedState, valueOf } from '../model/observed.ts';
import { isIpAddress, parsePeerUrl, urlParts } from '../model/url.ts';

interface Named {
  readonly desired: DesiredSpec;
  readonly observed: ObservedState;
}

export interface MaterialSide {
  /** Of a CA that is made. */
  readonly authorityName: (desired: DesiredSpec) => string;
  readonly authority: (desired: DesiredSpec) => {
    readonly cert: string;
    readonly key: string;
    /** A person named it: it is not made. */
    readonly isGiven: boolean;
  };
  readonly files: (
    desired: DesiredSpec,
    member: DesiredMember,
  ) => { readonly cert: string; readonly key: string };
  readonly names: (input: Named, desired: DesiredMember, observed: ObservedMember) => LeafNames;
  /** The certificate that the run issues to peershift itself; undefined: none. */
  readonly operator: (
    desired: DesiredSpec,
  ) => Omit<LeafMaterial, 'leaf' | 'keyId' | 'mustIssue'> | undefined;
  readonly plannedAuthority: string;
  readonly plannedLeaf: (member: MemberName) => string;
}

export const PEER_SIDE: MaterialSide = {
  authorityName: ({ name }) => `${name} peer CA`,
  authority: ({ pki }) => ({
    cert: pki.ca?.cert ?? `${pki.directory}/ca.pem`,
    key: pki.ca?.key ?? `${pki.directory}/ca-key.pem`,
    isGiven: pki.ca !== undefined,
  }),
  files: ({ pki }, { name, certificate }) => {
    const file = pki.isShared ? 'peer' : name;
    return {
      cert: certificate.cert ?? `${pki.directory}/${file}.pem`,
      key: certificate.key ?? `${pki.directory}/${file}-key.pem`,
    };
  },
  names: (input, desired, observed) => {
    return input.desired.pki.isShared ? allNames(input) : peerNames(desired, observed);
  },
  operator: () => undefined,
  plannedAuthority: PLANNED_AUTHORITY,
  plannedLeaf: plannedLeafId,
};

/** No client of a member has to show where it comes from, so the operator's leaf names nobody. */
const NOBODY: LeafNames = { ipAddresses: [], dnsNames: [] };
const OPERATOR = memberName('peershift');

export const CLIENT_SIDE: MaterialSide = {
  authorityName: ({ name }) => `${name} client CA`,
  authority: ({ pki, clients }) => ({
    cert: clients?.ca.cert ?? `${pki.directory}/client-ca.pem`,
    key: clients?.ca.key ?? `${pki.directory}/client-ca-key.pem`,
    isGiven: clients?.isGivenCa === true,
  }),
  files: ({ pki }, { name, clientCertificate: own }) => ({
    cert: own?.cert ?? `${pki.directory}/${name}-server.pem`,
    key: own?.key ?? `${pki.directory}/${name}-server-key.pem`,
  }),
  names: (_input, desired, observed) => clientNames(desired, observed),
  operator: ({ cluster: { tls } }) => {
    if (tls?.cert === undefined || tls.key === undefined) return undefined;
    const names = NOBODY;
    return { member: OPERATOR, certPath: tls.cert, keyPath: tls.key, names, isForClient: true };
  },
  plannedAuthority: 'planned:client-ca',
  plannedLeaf: (member) => `planned:client:${member}`,
};

/** What a member's leaf must name: its URL's host, its host's address, and every address its dials come from. */
function peerNames(desired: DesiredMember, observed: ObservedMember): LeafNames {
  const urls = desired.peerUrl === undefined ? observed.peerUrls : [desired.peerUrl];
  const sources = Object.values(observed.sourceAddresses).flatMap((fact) =>
    fact.known ? fact.value : [],
  );
  const address = desired.host.address === undefined ? [] : [desired.host.address];
  return split([
    ...urls.map((url) => urlParts(url).host),
    ...address,
    ...sources,
    ...desired.sourceAddresses,
    ...desired.certificate.sans,
  ]);
}

function allNames(input: Named): LeafNames {
  const each = input.desired.members.flatMap((desired) => {
    const observed = input.observed.members.find((member) => member.name === desired.name);
    return observed === undefined ? [] : [peerNames(desired, observed)];
  });
  return split(each.flatMap((names) => [...names.ipAddresses, ...names.dnsNames]));
}

function split(names: readonly string[]): LeafNames {
  const unique = [
    ...new Set(names.map((name) => (isIpAddress(name) ? normalAddress(name) : name))),
  ];
  return {
    ipAddresses: unique.filter(isIpAddress),
    dnsNames: unique.filter((name) => !isIpAddress(name)),
  };
}

/**
 * What clients call a member: the hosts of its client URLs and of its listeners. Where it listens everywhere its
 * own gateway dials it on loopback; the same gateway shows this leaf, so its address must be in it too.
 */
function clientNames(desired: DesiredMember, observed: ObservedMember): LeafNames {
  const settings = valueOf(observed.disk) ?? valueOf(observed.running);
  const client = settings === undefined ? undefined : clientSettings(settings);
  const published = observed.clientUrls.flatMap((text) => {
    const url = parsePeerUrl(text);
    return url.ok ? [url.value] : [];
  });
  const urls = [...published, ...(client?.advertise ?? []), ...(client?.listen ?? [])];
  const hosts = urls.map((url) => urlParts(url).host).filter((host) => !EVERYWHERE.has(host));
  const address = desired.host.address === undefined ? [] : [desired.host.address];
  const sans = desired.clientCertificate?.sans ?? [];
  return split([...hosts, ...address, ...sans, ...LOOPBACK]);
}

const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);
const LOOPBACK = ['127.0.0.1', 'localhost'];
