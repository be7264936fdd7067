/** Turns a route into a logged-in ssh2 client whose host key is the known one, or into why not. */

import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { Client, ConnectConfig } from 'ssh2';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorText } from '../../base/system-error.ts';
import {
  type KeyAlgorithm,
  type KeyBook,
  KEY_KINDS,
  keyBook,
  keyTrouble,
  pinKey,
  verdictOn,
} from './host-keys.ts';
import { type HostKey, fingerprint, hostKey, isSameKey, knownName } from './known-hosts.ts';
import { type Login, loginFor } from './login.ts';
import type { Route } from './route.ts';
import { type SshTrouble, notSent } from './trouble.ts';

export interface Dialing {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pinFile: string;
  readonly acceptsNewKeys: boolean;
  /** Told once for each host whose key was pinned. */
  readonly onPinned: (text: string) => void;
  /** A new stream to the route's host through the hop before it; undefined: dial it from here. */
  readonly through: (() => Promise<Result<Duplex, SshTrouble>>) | undefined;
}

/** The first string of an SSH error that names the stage at which it failed. */
type LevelledError = Error & { readonly level?: string; readonly code?: string };

export async function connect(route: Route, dialing: Dialing): Promise<Result<Client, SshTrouble>> {
  const login = await loginFor(route, dialing.environment);
  if (!login.ok) return login;
  let book: KeyBook;
  try {
    book = await keyBook(route);
  } catch (error) {
    const but = `a known_hosts file cannot be read: ${systemErrorText(error)}`;
    return err(notSent('HOST_KEY_UNKNOWN', but, 'make the file readable for you'));
  }
  const seen: { key?: HostKey } = {};
  const isGood = (key: HostKey): boolean => {
    // Keys are exchanged again on a long connection: the same one must come back.
    if (seen.key !== undefined && !isSameKey(seen.key, key)) return false;
    seen.key = key;
    const verdict = verdictOn(book.keys, key);
    return verdict === 'known' || (verdict === 'unknown' && dialing.acceptsNewKeys);
  };
  const dialed = await dial(route, dialing, {
    algorithms: book.algorithms,
    isGood,
    login: login.value,
  });
  const { key } = seen;
  if (key === undefined) return dialed;
  const verdict = verdictOn(book.keys, key);
  if (dialed.ok) {
    if (verdict === 'unknown') await pin(route, dialing, key);
    return dialed;
  }
  if (verdict === 'known' || (verdict === 'unknown' && dialing.acceptsNewKeys)) return dialed;
  const keys = verdict === 'unknown' ? await allKeys(route, dialing, key) : [key];
  return err(keyTrouble(route, verdict, keys, book.keys));
}

async function pin(route: Route, dialing: Dialing, key: HostKey): Promise<void> {
  await pinKey(dialing.pinFile, route, key);
  const name = knownName(route.known.host, route.known.port);
  dialing.onPinned(
    `the key of ${name} is new: ${key.type} ${fingerprint(key)} is pinned in ${dialing.pinFile}`,
  );
}

/** A person can compare whichever fingerprint the console shows. Nobody logs in for this. */
async function allKeys(
  route: Route,
  dialing: Dialing,
  first: HostKey,
): Promise<readonly HostKey[]> {
  const keys = [first];
  for (const algorithms of KEY_KINDS) {
    const isGood = (key: HostKey): boolean => {
      if (!keys.some((one) => isSameKey(one, key))) keys.push(key);
      return false;
    };
    await dial(route, dialing, { algorithms, isGood, login: undefined });
  }
  return keys;
}

interface Handshake {
  readonly algorithms: readonly KeyAlgorithm[];
  readonly isGood: (key: HostKey) => boolean;
  readonly login: Login | undefined;
}

async function dial(
  route: Route,
  dialing: Dialing,
  handshake: Handshake,
): Promise<Result<Client, SshTrouble>> {
  const sock = dialing.through === undefined ? ok(undefined) : await dialing.through();
  if (!sock.ok) return sock;
  const client = new ssh2.Client();
  return await new Promise((resolve) => {
    let last: LevelledError | undefined;
    // Errors may come more than once, also long after: without a listener each would end the process.
    client.on('error', (error: LevelledError) => {
      last ??= error;
    });
    client.once('close', () => {
      resolve(err(connectTrouble(route, last, handshake.login)));
    });
    client.once('ready', () => {
      resolve(ok(client));
    });
    try {
      client.connect(configOf(route, handshake, sock.value));
    } catch (error) {
      resolve(err(connectTrouble(route, error as Error, handshake.login)));
    }
  });
}

function configOf(route: Route, handshake: Handshake, sock: Duplex | undefined): ConnectConfig {
  return {
    host: route.host,
    port: route.port,
    username: route.user,
    ...(sock === undefined ? {} : { sock }),
    readyTimeout: route.connectMs,
    keepaliveInterval: route.aliveMs,
    keepaliveCountMax: route.aliveCount,
    algorithms: { serverHostKey: [...handshake.algorithms] },
    authHandler: [...(handshake.login?.methods ?? [])],
    hostVerifier: (blob: Buffer) => handshake.isGood(hostKey(blob)),
  };
}

function connectTrouble(
  route: Route,
  error: LevelledError | undefined,
  login: Login | undefined,
): SshTrouble {
  const place = `${route.host} port ${String(route.port)}`;
  const words = error === undefined ? 'the connection was closed' : systemErrorText(error);
  if (error?.level === 'client-authentication') {
    const but = `sshd at ${place} refused the login as ${route.user} by ${login?.shown ?? 'nothing'}`;
    const remedy = `see that "ssh ${route.user}@${route.host}" works that way; sshd's log on the host says why`;
    return notSent('HOST_LOGIN_REFUSED', but, remedy);
  }
  if (error?.level === 'agent') {
    const but = `the ssh agent at ${route.login.agent ?? 'no socket'} does not answer: ${words}`;
    return notSent(
      'HOST_LOGIN_REFUSED',
      but,
      'start the agent, or name a key with host.identityFile',
    );
  }
  const remedy =
    'see that the host is up, the address and port are right, and no firewall is between';
  if (error?.level === 'client-timeout') {
    const limit = `${String(route.connectMs)} ms`;
    return notSent('HOST_UNREACHABLE', `sshd at ${place} did not answer within ${limit}`, remedy);
  }
  const but = `no ssh connection to ${place}: ${words}`;
  return notSent('HOST_UNREACHABLE', but, remedy);
}
