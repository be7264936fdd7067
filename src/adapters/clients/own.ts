/** Turns this process's own sockets into the pairs of places that a member's host has for them. */

import { readFile, readdir, readlink } from 'node:fs/promises';
import { parseSockets } from './socket-table.ts';

/** `remote local` as the member has them; empty where there is no /proc. Never fails: it only leaves out. */
export async function ownPairs(): Promise<ReadonlySet<string>> {
  const folder = '/proc/self/fd';
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(
    names.map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  const ours = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const tables = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
  const texts = await Promise.all(tables.map((path) => readFile(path, 'utf8').catch(() => '')));
  const sockets = parseSockets(texts.join('\n'));
  return new Set(
    sockets
      .filter(({ inode }) => ours.has(inode))
      // What is local here is remote there.
      .map(({ local, remote }) => `${local} ${remote}`),
  );
}
