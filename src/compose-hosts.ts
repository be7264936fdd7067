/** Picks how each member's machine is reached: this one by itself, any other by ssh. */

import { homedir } from 'node:os';
import { join } from 'node:path';

import type { EtcdOptions } from './adapters/etcd/open.ts';
import { makePeerDialer } from './adapters/peer/dialer.ts';
import type { SshMachine, SshMachines, SshOptions } from './adapters/ssh/open.ts';
import type { Gate, SshWay } from './adapters/ssh/way.ts';
import { stateFolder } from './adapters/store/run-folder.ts';
import { present } from './base/assert.ts';
import { type Result, err, ok } from './base/result.ts';
import type { DesiredMember, DesiredSpec } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import type { MemberName } from './model/ids.ts';
import { urlParts } from './model/url.ts';
import type { Host, MemberDoors } from './ports.ts';

export interface ComposeInput {
  readonly desired: DesiredSpec;
  /** The folder given with --state; undefined: beside the plan file. */
  readonly stateDirectory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** ssh keys of hosts that no known_hosts file has are pinned in the state folder. */
  readonly acceptsNewHostKeys?: boolean;
  /** Something that a person should know, and that stops nothing. */
  readonly onNotice?: (text: string) => void;
}

export interface Hosts {
  readonly of: ReadonlyMap<MemberName, ReachedHost>;
  /** How client URLs are reached with `via: ssh`; undefined: directly. */
  readonly way: EtcdOptions['way'];
  close(): Promise<void>;
}

export type ReachedHost = Pick<MemberDoors, 'host' | 'dialer'>;

/** ssh is loaded only for a plan that asks for it. */
export async function openHosts(input: ComposeInput, here: Host): Promise<Result<Hosts, Failure>> {
  const { members, cluster } = input.desired;
  const local = { host: here };
  if (members.every(({ host }) => host.transport === 'local')) {
    const of = new Map(members.map(({ name }) => [name, local]));
    return cluster.via === 'ssh' ? err(noSsh()) : ok({ of, way: undefined, close: nothing });
  }
  const [{ sshMachines }, { wayThrough }] = await Promise.all([
    import('./adapters/ssh/open.ts'),
    import('./adapters/ssh/way.ts'),
  ]);
  const machines = sshMachines(sshOptions(input));
  const of = new Map<MemberName, ReachedHost>();
  const gates: Gate[] = [];
  for (const member of members) {
    const isHere = member.host.transport === 'local';
    const opened = isHere ? ok(undefined) : sshHostOf(member, machines);
    if (!opened.ok) return opened;
    const machine = opened.value;
    of.set(member.name, machine === undefined ? local : reachedBy(machine));
    if (machine !== undefined) gates.push({ address: addressOf(member), machine });
  }
  const way = cluster.via === 'ssh' ? wayThrough(gates) : undefined;
  const close = async (): Promise<void> => {
    await way?.close();
    await machines.close();
  };
  return ok({ of, way: way === undefined ? undefined : etcdWay(way), close });
}

/** The machine of the member that is called so; another name or a load balancer: the first one. */
export function hostNear(
  members: readonly DesiredMember[],
  of: Hosts['of'],
): (host: string) => Host {
  return (host) => {
    const own = members.find((each) => addressOf(each)?.toLowerCase() === host.toLowerCase());
    const name = present(own ?? members[0], 'a member').name;
    return present(of.get(name), 'the host of a member').host;
  };
}

function etcdWay(way: SshWay): NonNullable<EtcdOptions['way']> {
  return {
    path: (host, port) => way.path(host, port),
    trouble: (host, port) => {
      const failure = way.trouble(host, port);
      return failure === undefined ? undefined : { words: failure.but, remedy: failure.remedy };
    },
  };
}

function reachedBy(machine: SshMachine): ReachedHost {
  const dialer = makePeerDialer(undefined, async (host, port) => {
    const socket = await machine.connect(host, port);
    return socket.ok ? socket.value : forwardError(socket.error);
  });
  return { host: machine.host, dialer };
}

/** With the code that a dial from this machine would have had. */
function forwardError({ but }: Failure): Error {
  const code = /refused/i.test(but) ? 'ECONNREFUSED' : 'EHOSTUNREACH';
  return Object.assign(new Error(but), { code });
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

function noSsh(): Failure {
  return {
    code: 'PLAN_FILE_INVALID',
    where: 'cluster.via of the plan file',
    would: "reach the client URLs through the members' ssh connections",
    but: 'no member is reached by ssh: each has host.transport local',
    so: 'nothing has been looked at or changed',
    remedy: 'write cluster.via: direct, or give the members a host with transport: ssh',
  };
}

function sshOptions({ desired, stateDirectory, environment, ...input }: ComposeInput): SshOptions {
  const folder = stateFolder(desired.planFile, desired.name, stateDirectory);
  return {
    home: environment['HOME'] ?? homedir(),
    environment,
    pinFile: join(folder, 'known_hosts'),
    acceptsNewKeys: input.acceptsNewHostKeys ?? false,
    onPinned: input.onNotice ?? (() => undefined),
  };
}

function sshHostOf(member: DesiredMember, machines: SshMachines): Result<SshMachine, Failure> {
  const { host, name } = member;
  const address = addressOf(member);
  if (address !== undefined) return machines.open(address, { ...host, address });
  return err({
    code: 'PLAN_FILE_INVALID',
    where: `member ${name} of the plan file`,
    would: 'reach its host by ssh',
    but: 'neither host.address nor peerUrl says where it is',
    so: 'nothing has been looked at or changed',
    remedy: `add host: { address: ... } to ${name}`,
  });
}

function addressOf({ host, peerUrl }: DesiredMember): string | undefined {
  return host.address ?? (peerUrl === undefined ? undefined : urlParts(peerUrl).host);
}
