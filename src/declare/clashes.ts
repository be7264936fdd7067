/** Turns members that are each right alone into findings where two of them cannot both be true. */

import type { ServiceSpec } from '../model/desired.ts';
import { type PeerUrl, hostPort, urlParts } from '../model/url.ts';
import type { Context } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { type Path, pathText } from './finding.ts';
import type { PartialMember } from './to-member.ts';

/**
 * Reports equal names, equal peer URLs, and what two members on one machine cannot share.
 * `sharesFiles`: one leaf for all, or leaves in place, so that one folder may serve two members.
 */
export function checkClashes(
  context: Context,
  members: readonly PartialMember[],
  sharesFiles: boolean,
): void {
  refuseEqual(context, members, 'name', (member) => member.name);
  const dialled = ({ peerUrl }: PartialMember): string | undefined =>
    peerUrl === undefined ? undefined : hostPort(peerUrl);
  refuseEqual(context, members, 'peerUrl', dialled);
  const machines = new Map(members.map((member) => [member, machineOf(member, members)]));
  const onMachine = (member: PartialMember, text: string | undefined): string | undefined => {
    const machine = machines.get(member);
    return machine === undefined || text === undefined ? undefined : `${machine} ${text}`;
  };
  refuseEqual(context, members, 'service', (member) => onMachine(member, identity(member.service)));
  refuseEqual(context, members, 'config', (member) => onMachine(member, member.config?.path));
  if (!sharesFiles) {
    refuseEqual(context, members, 'tls', (member) => onMachine(member, member.tls?.directory));
  }
  checkListeners(context, machines);
}

const SHARED: Readonly<Record<string, string>> = {
  name: 'give each member its own name',
  peerUrl: 'give each member its own host and port',
  service: 'name the service of this member: on one machine each has its own',
  config: 'name the config file of this member: on one machine each has its own',
  tls: 'name a tls.directory for this member: on one machine each has its own',
};

function refuseEqual(
  context: Context,
  members: readonly PartialMember[],
  key: 'name' | 'peerUrl' | 'service' | 'config' | 'tls',
  valueOf: (member: PartialMember) => string | undefined,
): void {
  const seen = new Map<string, number>();
  members.forEach((member, index) => {
    const value = valueOf(member);
    if (value === undefined) return;
    const first = seen.get(value);
    if (first === undefined) {
      seen.set(value, index);
      return;
    }
    const path: Path = ['members', index, key];
    const isPlaced = key === 'service' || key === 'config' || key === 'tls';
    const where = isPlaced ? ' on the same machine' : '';
    const message = `${pathText(path)} is the same as that of members[${String(first)}]${where}`;
    context.problem(path, message, SHARED[key] ?? '');
  });
}

/** Members with an equal answer are on one machine; undefined: the plan file does not say. */
function machineOf(
  { host, peerUrl }: PartialMember,
  members: readonly PartialMember[],
): string | undefined {
  if (host === undefined) return undefined;
  if (host.transport === 'local') return 'here';
  // A peer URL that another member has too is a mistake, and says nothing of machines.
  const isOwn = members.filter((member) => member.peerUrl === peerUrl).length === 1;
  const dialled = peerUrl === undefined || !isOwn ? undefined : urlParts(peerUrl).host;
  const address = host.address ?? dialled;
  return address === undefined
    ? undefined
    : `${address.toLowerCase()} port ${String(host.port ?? DEFAULTS.host.port)}`;
}

function identity(service: ServiceSpec | undefined): string | undefined {
  switch (service?.manager) {
    case undefined:
      return undefined;
    case 'systemd':
      return `unit ${service.unit.replace(/\.service$/, '')}`;
    case 'docker':
      return `container ${service.binary} ${service.container}`;
    case 'static-pod':
      return `manifest ${service.path}`;
    case 'command':
      return `command ${JSON.stringify(service.stop)}`;
  }
}

interface Listener {
  readonly url: PeerUrl;
  readonly path: Path;
  readonly machine: string | undefined;
  readonly member: number;
}

function checkListeners(
  context: Context,
  machines: ReadonlyMap<PartialMember, string | undefined>,
): void {
  const before: Listener[] = [];
  [...machines].forEach(([member, machine], index) => {
    member.listenPeerUrls?.forEach((url, item) => {
      const path: Path = ['members', index, 'listenPeerUrls', item];
      const listener = { url, path, machine, member: index };
      const other = before.find((one) => isSamePlace(one, listener));
      if (other !== undefined) {
        const message = `${url} takes the same port as ${other.url} (${pathText(other.path)})`;
        context.problem(path, message, 'give each listener an address and port of its own');
      }
      before.push(listener);
    });
  });
}

function isSamePlace(a: Listener, b: Listener): boolean {
  const isOneMachine =
    a.member === b.member || (a.machine !== undefined && a.machine === b.machine);
  const [first, second] = [urlParts(a.url), urlParts(b.url)];
  if (!isOneMachine || first.port !== second.port) return false;
  return first.host === second.host || [first, second].some(({ host }) => isEverywhere(host));
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
