/** Turns a stream through ssh into a socket of this machine, which TLS, http and gRPC can use. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

import type { Result } from '../../base/result.ts';

/** A listening socket in a folder of its own, 0700: a loopback port would be open to every local user. */
export interface Listening {
  readonly path: string;
  close(): Promise<void>;
}

/** Each connection to the path becomes one stream; where none can be had it is closed. */
export async function listenFor(
  streamOf: () => Promise<Result<Duplex, unknown>>,
): Promise<Listening> {
  const folder = await mkdtemp(join(tmpdir(), 'peershift-ssh-'));
  const path = join(folder, 's');
  const live = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (local) => {
    live.add(local);
    // Whoever holds the other end sees that it closed.
    local.on('error', () => undefined);
    local.once('close', () => live.delete(local));
    void streamOf().then((stream) => {
      if (stream.ok) couple(local, stream.value);
      else local.destroy();
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    close: async () => {
      for (const socket of live) socket.destroy();
      await closed(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One socket for one stream. */
export async function socketFor(stream: Duplex): Promise<Socket> {
  const listening = await listenFor(() => Promise.resolve({ ok: true, value: stream }));
  const socket = connect({ path: listening.path });
  socket.on('error', () => undefined);
  socket.once('close', () => {
    stream.destroy();
    void listening.close();
  });
  await once(socket, 'connect');
  return socket;
}

function couple(local: Socket, stream: Duplex): void {
  stream.on('error', () => local.destroy());
  stream.once('close', () => local.destroy());
  local.once('close', () => stream.destroy());
  local.pipe(stream).pipe(local);
  local.resume();
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
