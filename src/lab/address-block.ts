/** Turns a lab folder's name into a 127.x.y.0/24 block that nobody on this machine uses. */

import { createServer } from 'node:net';
import { createHash } from 'node:crypto';
import { CLIENT_PORT, PEER_PORT } from './lab-folder.ts';

/** Members live on .11, .12, ... of their block. */
const FIRST_HOST = 11;
/** The strategy with a second listener puts it two ports up; it must be free as well. */
const PORTS = [CLIENT_PORT, PEER_PORT, PEER_PORT + 2] as const;
/** Second parts of the address: clear of 127.0 and 127.1, where resolvers and other tools sit. */
const FIRST_X = 64;
const X_COUNT = 128;
/** A machine on which so many blocks in a row are taken has another problem. */
const TRIES = 64;

export interface AddressBlock {
  /** `127.x.y.0/24`. */
  readonly text: string;
  readonly addresses: readonly string[];
}

/**
 * The block for a folder, found by binding every port of every member. Two labs in two folders start
 * looking at different places, so a stopped lab seldom finds its block taken.
 */
export async function findFreeBlock(
  dir: string,
  members: number,
): Promise<AddressBlock | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const block = blockFor(dir, attempt, members);
    if (await isFree(block.addresses, PORTS)) return block;
  }
  return undefined;
}

/** The block that a folder looks at in its nth attempt. */
export function blockFor(dir: string, attempt: number, members: number): AddressBlock {
  const start = createHash('sha256').update(dir).digest().readUInt16BE(0);
  const index = (start + attempt) % (X_COUNT * 254);
  const x = FIRST_X + Math.floor(index / 254);
  const y = 1 + (index % 254);
  const net = `127.${String(x)}.${String(y)}`;
  const addresses = Array.from({ length: members }, (_, i) => `${net}.${String(FIRST_HOST + i)}`);
  return { text: `${net}.0/24`, addresses };
}

/** Can we listen on all of these ports at all of these addresses, now? */
export async function isFree(
  addresses: readonly string[],
  ports: readonly number[],
): Promise<boolean> {
  const all = addresses.flatMap((address) => ports.map((port) => canBind(address, port)));
  return (await Promise.all(all)).every(Boolean);
}

function canBind(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ host: address, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
