/** Turns a test that runs as root into one whose commands, or members, run as somebody who is not. */

import { chownSync, copyFileSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, chown, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { CHECKOUT } from './checkout.ts';
import type { CommandOptions } from './command.ts';

/** Nobody, on every Linux; no password file has to know it. */
export const OTHER_USER_ID = 65_534;

export const isRoot = process.geteuid?.() === 0;

const ENTER_BY_OTHERS = 0o001;

/** A folder for temporary ones that every user may pass: a private TMPDIR is not. */
export function folderForAll(): string {
  const found = [tmpdir(), '/var/tmp', '/tmp'].find(mayBePassed);
  if (found === undefined) throw new Error('no temporary folder can be entered by another user');
  return found;
}

/** Can every user go through the folder and those above it? */
export function mayBePassed(folder: string): boolean {
  const parent = path.dirname(folder);
  const isOpen = (statSync(folder).mode & ENTER_BY_OTHERS) !== 0;
  return isOpen && (parent === folder || mayBePassed(parent));
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/**
 * Puts the built command with the packages it needs, and etcd, into a folder that the other user may read:
 * the checkout may stand in root's own home.
 */
export function installForOther(folder: string): CommandOptions {
  const at = (...parts: readonly string[]): string => path.join(folder, ...parts);
  chownSync(folder, OTHER_USER_ID, OTHER_USER_ID);
  for (const part of ['package.json', 'dist', 'plans']) {
    cpSync(path.join(CHECKOUT, part), at('peershift', part), { recursive: true });
  }
  const lock = JSON.parse(readFileSync(path.join(CHECKOUT, 'package-lock.json'), 'utf8')) as Lock;
  for (const [name, { dev = false }] of Object.entries(lock.packages)) {
    if (name === '' || dev) continue;
    cpSync(path.join(CHECKOUT, name), at('peershift', name), { recursive: true });
  }
  mkdirSync(at('bin'));
  copyFileSync(process.env['PEERSHIFT_ETCD'] ?? '', at('bin', 'etcd'));
  return {
    main: at('peershift/dist/cli/main.js'),
    userId: OTHER_USER_ID,
    environment: { HOME: folder, PEERSHIFT_ETCD: at('bin', 'etcd') },
  };
}

/** Put in front of a start script: root becomes the other user. */
export const STARTED_BY_OTHER = `setpriv --reuid=${String(OTHER_USER_ID)} --regid=${String(OTHER_USER_ID)} --clear-groups`;

/** Gives a folder and all that is in it to the other user; `passable` are opened on the way to it. */
export async function giveToOther(folder: string, passable: readonly string[]): Promise<void> {
  for (const each of passable) await chmod(each, 0o755);
  await chown(folder, OTHER_USER_ID, OTHER_USER_ID);
  for (const name of await readdir(folder, { recursive: true })) {
    await chown(path.join(folder, name), OTHER_USER_ID, OTHER_USER_ID);
  }
}
