/** Turns a member's host block into the way to reach its host. */

import type { HostSpec } from '../model/desired.ts';
import { type Block, mergedBlock, refuseKeys } from './block.ts';
import { type Context, sshPath } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { pathText } from './finding.ts';
import type { LoosePlan } from './shape.ts';

type LooseMember = NonNullable<NonNullable<LoosePlan['members']>[number]>;
export type LooseBlocks = Pick<LooseMember, 'host' | 'service' | 'config' | 'tls'>;
export type LooseHost = NonNullable<LooseBlocks['host']>;

/** Undefined: what is wrong is reported. */
export function toHost(
  context: Context,
  index: number,
  own: LooseHost | undefined,
  defaults: LooseHost | undefined,
): HostSpec | undefined {
  const kind = { key: 'transport', default: DEFAULTS.host.transport } as const;
  const block = mergedBlock<LooseHost>(context, { name: 'host', index, kind, defaults, own });
  if (block === undefined) return undefined;
  const { address, transport = DEFAULTS.host.transport } = block.value;
  const sudo = sudoOf(block.value);
  if (transport === 'ssh') return { ...sshKeys(context, block), transport, address, sudo };
  refuseKeys(context, block, {
    allowed: ['transport', 'address', 'sudo'],
    kind: 'transport: local',
  });
  return {
    transport,
    address,
    user: undefined,
    port: undefined,
    identityFile: undefined,
    agent: undefined,
    jump: undefined,
    passphraseEnv: undefined,
    passwordEnv: undefined,
    sudo,
  };
}

type SshKeys = Omit<HostSpec, 'transport' | 'address' | 'sudo'>;

function sshKeys(context: Context, block: Block<LooseHost>): SshKeys {
  const { user, port, jump } = block.value;
  const { agent, identityFile, passphrase, password } = block.value;
  const hasOtherWay = agent !== undefined || password !== undefined;
  if (passphrase !== undefined && identityFile === undefined && hasOtherWay) {
    const message = 'passphrase is for an identity file, and none is named';
    context.problem(block.pathOf('passphrase'), message, 'add identityFile, or take it away');
  }
  return {
    user,
    port,
    jump,
    identityFile:
      identityFile === undefined
        ? undefined
        : sshPath(context, block.pathOf('identityFile'), identityFile),
    agent: agent === undefined ? undefined : agentOf(context, block, agent),
    passphraseEnv: passphrase?.env,
    passwordEnv: password?.env,
  };
}

function agentOf(context: Context, block: Block<LooseHost>, agent: string): string | undefined {
  if (agent === 'SSH_AUTH_SOCK') return agent;
  const path = block.pathOf('agent');
  if (agent.includes('/')) return sshPath(context, path, agent);
  const message = `${pathText(path)} must be the path of a socket, or SSH_AUTH_SOCK`;
  context.problem(path, message, 'write "agent: SSH_AUTH_SOCK" for the agent that runs now');
  return undefined;
}

function sudoOf({ sudo }: Partial<LooseHost>): HostSpec['sudo'] {
  if (sudo === undefined || sudo === false) return false;
  if (sudo === true || sudo === 'without-password') return 'without-password';
  const passwordEnv = sudo.password?.env;
  // A password of the wrong shape is reported already; the value here goes nowhere then.
  return passwordEnv === undefined ? 'without-password' : { passwordEnv };
}
