/** Picks how each member's machine is reached: this one by itself, any other by ssh. */

import { homedir } from 'node:os';
import { join } from 'node:path';

import type { SshMachine, SshMachines, SshOptions } from './adapters/ssh/open.ts';
import { stateFolder } from './adapters/store/run-folder.ts';
import { type Result, err, ok } from './base/result.ts';
import type { DesiredMember, DesiredSpec } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import type { MemberName } from './model/ids.ts';
import { urlParts } from './model/url.ts';
import type { Host } from './ports.ts';

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
  readonly of: ReadonlyMap<MemberName, Host>;
  close(): Promise<void>;
}

/** ssh is loaded only for a plan that asks for it. */
export async function openHosts(input: ComposeInput, here: Host): Promise<Result<Hosts, Failure>> {
  const { members } = input.desired;
  if (members.every(({ host }) => host.transport === 'local'))
    return ok({ of: new Map(members.map(({ name }) => [name, here])), close: () => here.close() });
  const { sshMachines } = await import('./adapters/ssh/open.ts');
  const machines = sshMachines(sshOptions(input));
  const hosts = new Map<MemberName, Host>();
  for (const member of members) {
    const isHere = member.host.transport === 'local';
    const opened = isHere ? ok({ host: here }) : sshHostOf(member, machines);
    if (!opened.ok) return opened;
    hosts.set(member.name, opened.value.host);
  }
  return ok({ of: hosts, close: () => machines.close() });
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
  const { host, peerUrl, name } = member;
  const address = host.address ?? (peerUrl === undefined ? undefined : urlParts(peerUrl).host);
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
