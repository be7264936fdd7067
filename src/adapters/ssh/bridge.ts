/** Turns a stream through ssh into a socket of this machine, which TLS, http and gRPC can use. */

import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
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
  swept ??= sweep();
  await swept;
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const path = join(folder, SOCKET);
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

const PREFIX = 'peershift-ssh-';
const SOCKET = 's';
/** Between the making of a folder and the socket in it a process may be slow. */
const YOUNGEST_MS = 60_000;
/** Once in a process: there is little to find. */
let swept: Promise<void> | undefined;

/** What runs that were killed have left behind: folders of ours in whose socket nobody listens any more. */
export async function sweep(nowMs = Date.now()): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  const folders = names
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(tmpdir(), name));
  await Promise.all(
    folders.map(async (folder) => {
      const found = await stat(folder).catch(() => undefined);
      const isOurs = found?.isDirectory() === true && found.uid === process.getuid?.();
      if (!isOurs || nowMs - found.mtimeMs < YOUNGEST_MS) return;
      if (await hasListener(join(folder, SOCKET))) return;
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }),
  );
}

async function hasListener(path: string): Promise<boolean> {
  const socket = connect({ path });
  return await new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
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
