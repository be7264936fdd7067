/** Turns the host blocks of a plan file into hosts reached by ssh, one connection for each machine and user. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { type Result, err, ok } from '../../base/result.ts';
import type { HostSpec } from '../../model/desired.ts';
import type { Failure } from '../../model/failure.ts';
import type { Host } from '../../ports.ts';
import { listenFor, socketFor } from './bridge.ts';
import { SshConnection } from './connection.ts';
import { sshHost } from './host.ts';
import { type Route, type SshSpec, routeTo } from './route.ts';
import type { Sudo } from './talk.ts';
import { sshFailure } from './trouble.ts';

export interface SshOptions {
  /** The folder that ~/.ssh is in. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where new host keys are pinned, and read after the person's own files. */
  readonly pinFile: string;
  readonly acceptsNewKeys: boolean;
  /** Told once for each host key that was pinned. */
  readonly onPinned: (text: string) => void;
}

export interface SshMachine {
  readonly host: Host;
  /** A socket of this machine whose other end is that address, as the far machine sees it. */
  connect(address: string, port: number): Promise<Result<Socket, Failure>>;
  /** The path of a socket here: each connection to it is one to that address, made when it is needed. */
  tunnel(address: string, port: number): Promise<Tunnel>;
}

export interface Tunnel {
  readonly path: string;
  /** Why the last connection could not be made; undefined when it could. */
  trouble(): Failure | undefined;
  close(): Promise<void>;
}

export interface SshMachines {
  /** A failure: what the plan file or ~/.ssh/config says of it cannot be done. */
  open(label: string, spec: HostSpec & { readonly address: string }): Result<SshMachine, Failure>;
  close(): Promise<void>;
}

/** Nothing is dialled before the first call to a host. */
export function sshMachines(options: SshOptions): SshMachines {
  const connections = new Map<string, SshConnection>();
  const connectionTo = (route: Route): SshConnection => {
    const key = JSON.stringify(route);
    const found = connections.get(key);
    if (found !== undefined) return found;
    const via = route.via === undefined ? undefined : connectionTo(route.via);
    const made = new SshConnection(route, options, via);
    connections.set(key, made);
    return made;
  };
  return {
    open: (label, spec) => {
      const route = routeTo(spec satisfies SshSpec, options);
      if (!route.ok) return err(sshFailure(attempt(label, `reach ${spec.address}`), route.error));
      const connection = connectionTo(route.value);
      const host = sshHost({ connection, label, sudo: sudoOf(spec, options.environment) });
      return ok(machine(host, connection));
    },
    close: async () => {
      await Promise.all([...connections.values()].map((connection) => connection.close()));
    },
  };
}

function machine(host: Host, connection: SshConnection): SshMachine {
  const forward = async (address: string, port: number): Promise<Result<Duplex, Failure>> => {
    const stream = await connection.forward(address, port);
    if (stream.ok) return stream;
    const would = `reach ${address} port ${String(port)} through it`;
    return err(sshFailure(attempt(host.label, would), stream.error));
  };
  return {
    host,
    connect: async (address, port) => {
      const stream = await forward(address, port);
      return stream.ok ? ok(await socketFor(stream.value)) : stream;
    },
    tunnel: async (address, port) => {
      let trouble: Failure | undefined;
      const listening = await listenFor(async () => {
        const stream = await forward(address, port);
        trouble = stream.ok ? undefined : stream.error;
        return stream;
      });
      return { ...listening, trouble: () => trouble };
    },
  };
}

function attempt(label: string, would: string): Parameters<typeof sshFailure>[0] {
  return { label, would, soWhenUncertain: 'whether something was sent is not known' };
}

function sudoOf({ sudo }: HostSpec, environment: SshOptions['environment']): Sudo {
  if (sudo === false) return 'no';
  if (sudo === 'without-password') return sudo;
  return { passwordName: sudo.passwordEnv, password: environment[sudo.passwordEnv] };
}
