/** Turns the machines of a cluster into tunnels to client URLs: each through its own host where there is one. */

import type { Failure } from '../../model/failure.ts';
import type { SshMachine, Tunnel } from './open.ts';

export interface Gate {
  /** What others call the machine. */
  readonly address: string | undefined;
  readonly machine: SshMachine;
}

export interface SshWay {
  /** The path of a socket here that leads to that host and port. */
  path(host: string, port: number): Promise<string>;
  /** Why the last connection there could not be made; undefined when it could. */
  trouble(host: string, port: number): Failure | undefined;
  close(): Promise<void>;
}

/** A host that is no machine's address (another name, a load balancer) is reached through the first one. */
export function wayThrough(gates: readonly Gate[]): SshWay {
  const opening = new Map<string, Promise<Tunnel>>();
  const opened = new Map<string, Tunnel>();
  const keyOf = (host: string, port: number): string => `${host} ${String(port)}`;
  const open = async (host: string, port: number): Promise<Tunnel> => {
    const own = gates.find(({ address }) => address?.toLowerCase() === host.toLowerCase());
    const gate = own ?? gates[0];
    if (gate === undefined) throw new Error('a way by ssh has a machine');
    const tunnel = await gate.machine.tunnel(host, port);
    opened.set(keyOf(host, port), tunnel);
    return tunnel;
  };
  return {
    path: async (host, port) => {
      const key = keyOf(host, port);
      const known = opening.get(key) ?? open(host, port);
      opening.set(key, known);
      return (await known).path;
    },
    trouble: (host, port) => opened.get(keyOf(host, port))?.trouble(),
    close: async () => {
      await Promise.all([...opening.values()].map(async (tunnel) => (await tunnel).close()));
    },
  };
}
