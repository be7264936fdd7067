/** Turns a handler into a real listener on loopback, and openssl's own server into one that sends alerts. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { type TlsOptions, createServer as createTlsServer } from 'node:tls';
import { type RequestListener, createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type PeerUrl, parsePeerUrl } from '../../../../src/model/url.ts';
import type { PeerTarget } from '../../../../src/ports.ts';

/** Of this test alone; leaves name it, and loopback dials come from 127.0.0.1. */
export const ADDRESS = '127.45.1.21';

/** Well above what openssl takes to start on a busy machine. */
const STARTED_WITHIN_MS = 10_000;

export class Servers {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #children: ChildProcess[] = [];

  plain(onSocket: (socket: Socket) => void): Promise<PeerTarget> {
    return this.#listening(createServer(onSocket));
  }

  http(onRequest: RequestListener): Promise<PeerTarget> {
    return this.#listening(createHttpServer(onRequest));
  }

  https(options: TlsOptions, onRequest: RequestListener): Promise<PeerTarget> {
    return this.#listening(createHttpsServer(options, onRequest));
  }

  tls(options: TlsOptions, onSocket: (socket: Socket) => void): Promise<PeerTarget> {
    return this.#listening(createTlsServer(options, onSocket));
  }

  /** `openssl s_server`, which judges a client's certificate by alerts as Go does. */
  async openssl(...options: readonly string[]): Promise<PeerTarget> {
    const argv = ['s_server', '-accept', `${ADDRESS}:0`, '-www', ...options];
    const child = spawn('openssl', argv, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#children.push(child);
    const signal = AbortSignal.timeout(STARTED_WITHIN_MS);
    let text = '';
    while (!/ACCEPT \S+:\d+\s/u.test(text)) {
      const [part] = (await once(child.stdout, 'data', { signal })) as [Buffer];
      text += part.toString();
    }
    return targetAt(Number(/ACCEPT \S+:(\d+)\s/u.exec(text)?.[1]));
  }

  /** What an aborting process does to its connections. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
    for (const child of this.#children.filter(({ exitCode }) => exitCode === null)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  async #listening(server: Server): Promise<PeerTarget> {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, ADDRESS);
    await once(server, 'listening');
    return targetAt((server.address() as AddressInfo).port);
  }
}

/** A port that was free a moment ago. */
export async function closedTarget(): Promise<PeerTarget> {
  const server = createServer().listen(0, ADDRESS);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return targetAt(port);
}

function targetAt(port: number): PeerTarget {
  return { url: urlOf(`https://${ADDRESS}:${String(port)}`) };
}

export function urlOf(text: string): PeerUrl {
  const url = parsePeerUrl(text);
  if (!url.ok) throw new Error(url.error);
  return url.value;
}
