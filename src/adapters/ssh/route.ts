/** Turns a host block of the plan file and ~/.ssh/config into the way to one machine, hop by hop. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { type Result, err, ok } from '../../base/result.ts';
import type { HostSpec } from '../../model/desired.ts';
import { type ConfigWords, configFor } from './config-file.ts';
import { type SshTrouble, notSent } from './trouble.ts';

/** One ssh connection: where to, as whom, and what it goes through. */
export interface Route {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The name and port that known_hosts files have it under. */
  readonly known: { readonly host: string; readonly port: number };
  readonly knownHostsFiles: readonly string[];
  readonly login: LoginWays;
  readonly connectMs: number;
  readonly aliveMs: number;
  readonly aliveCount: number;
  readonly via: Route | undefined;
}

export interface LoginWays {
  readonly identities: readonly Identity[];
  /** The agent's socket. */
  readonly agent: string | undefined;
  /** The agent may only offer the keys of the identity files. */
  readonly onlyIdentities: boolean;
  readonly passphrase: Secret | undefined;
  readonly password: Secret | undefined;
}

export interface Identity {
  readonly path: string;
  /** Named by the plan file: it must be there. The others are tried when they are. */
  readonly isNamed: boolean;
}

/** A secret by the environment variable that holds it. */
export interface Secret {
  readonly name: string;
}

export type SshSpec = Pick<
  HostSpec,
  'user' | 'port' | 'identityFile' | 'agent' | 'jump' | 'passphraseEnv' | 'passwordEnv'
> & { readonly address: string };

export interface Surroundings {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `--accept-new-host-keys` pins; read after the person's own files. */
  readonly pinFile: string;
}

const DEFAULT_USER = 'root';
const DEFAULT_PORT = 22;
/** The handshake of a busy host takes a second or two. */
const CONNECT_MS = 15_000;
/** A dead connection is found after 20 s, well before a gate's deadline. */
const ALIVE_MS = 5000;
const ALIVE_COUNT = 4;
/** A chain that is longer is a circle of ProxyJump lines. */
const MOST_HOPS = 8;
const KEY_NAMES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** The plan file's words first, then ~/.ssh/config, then the defaults. */
export function routeTo(spec: SshSpec, around: Surroundings): Result<Route, SshTrouble> {
  return resolve(spec, spec, around, 0);
}

function resolve(
  spec: SshSpec,
  first: SshSpec,
  around: Surroundings,
  depth: number,
): Result<Route, SshTrouble> {
  if (depth > MOST_HOPS) return err(tooLong(first.address));
  const config = configFor({ home: around.home, host: spec.address, user: spec.user });
  if (!config.ok) return config;
  const jump = spec.jump ?? config.value.proxyJump;
  const via = jump === undefined ? ok(undefined) : chain(jump, first, around, depth);
  if (!via.ok) return via;
  return ok(routeOf(spec, config.value, around, via.value));
}

function routeOf(
  spec: SshSpec,
  config: ConfigWords,
  around: Surroundings,
  via: Route | undefined,
): Route {
  const host = config.hostName ?? spec.address;
  const port = spec.port ?? config.port ?? DEFAULT_PORT;
  const user = config.userKnownHostsFiles ?? [
    join(around.home, '.ssh/known_hosts'),
    join(around.home, '.ssh/known_hosts2'),
  ];
  const alias = config.hostKeyAlias;
  return {
    host,
    port,
    user: spec.user ?? config.user ?? DEFAULT_USER,
    known: alias === undefined ? { host, port } : { host: alias, port: DEFAULT_PORT },
    knownHostsFiles: [
      ...user,
      ...(config.globalKnownHostsFiles ?? GLOBAL_KNOWN_HOSTS),
      around.pinFile,
    ],
    login: loginOf(spec, config, around),
    connectMs: config.connectTimeoutMs ?? CONNECT_MS,
    aliveMs: config.aliveIntervalMs ?? ALIVE_MS,
    aliveCount: config.aliveCountMax ?? ALIVE_COUNT,
    via,
  };
}

/** What the plan file names is all that is tried; where it is silent, what ssh would try. */
function loginOf(spec: SshSpec, config: ConfigWords, around: Surroundings): LoginWays {
  const secret = (name: string | undefined): Secret | undefined =>
    name === undefined ? undefined : { name };
  const secrets = { passphrase: secret(spec.passphraseEnv), password: secret(spec.passwordEnv) };
  const socket = (text: string | undefined): string | undefined => {
    if (text === 'none') return undefined;
    return text === 'SSH_AUTH_SOCK' ? around.environment['SSH_AUTH_SOCK'] : text;
  };
  const { identityFile, agent, passwordEnv } = spec;
  if (identityFile !== undefined || agent !== undefined || passwordEnv !== undefined) {
    const identities = identityFile === undefined ? [] : [{ path: identityFile, isNamed: true }];
    return { identities, agent: socket(agent), onlyIdentities: false, ...secrets };
  }
  const named = config.identityFiles;
  const usual = KEY_NAMES.map((name) => join(around.home, '.ssh', name));
  const paths = (named.length > 0 ? named : usual).filter((path) => existsSync(path));
  return {
    identities: paths.map((path) => ({ path, isNamed: false })),
    agent: socket(config.identityAgent ?? 'SSH_AUTH_SOCK'),
    onlyIdentities: config.identitiesOnly,
    ...secrets,
  };
}

/** `a,b`: first a, then b through a. Only keys and the agent of the target are tried there, no password. */
function chain(
  jump: string,
  first: SshSpec,
  around: Surroundings,
  depth: number,
): Result<Route | undefined, SshTrouble> {
  let via: Route | undefined;
  for (const text of jump.split(',')) {
    const hop = parseHop(text.trim());
    if (hop === undefined) return err(badHop(text));
    const { identityFile, agent, passphraseEnv } = first;
    const spec = {
      ...hop,
      identityFile,
      agent,
      passphraseEnv,
      jump: undefined,
      passwordEnv: undefined,
    };
    const route = resolve(spec, first, around, depth + 1);
    if (!route.ok) return route;
    // A hop behind another one is reached through that one, whatever its own ProxyJump says.
    via = via === undefined ? route.value : { ...route.value, via };
  }
  return ok(via);
}

/** `[user@]host[:port]`, also as `ssh://...`; an IPv6 address in brackets. */
function parseHop(text: string): Pick<SshSpec, 'address' | 'user' | 'port'> | undefined {
  const found = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:@[\]]+))(?::(\d+))?$/.exec(text);
  const address = found?.[2] ?? found?.[3];
  if (found === null || address === undefined) return undefined;
  const port = found[4] === undefined ? undefined : Number(found[4]);
  return { address, user: found[1], port };
}

function badHop(text: string): SshTrouble {
  return notSent(
    'SSH_CONFIG_UNSUPPORTED',
    `the jump host "${text}" is not [user@]host[:port]`,
    'correct host.jump in the plan file, or ProxyJump in ~/.ssh/config',
  );
}

function tooLong(address: string): SshTrouble {
  return notSent(
    'SSH_CONFIG_UNSUPPORTED',
    `the way to ${address} has more than ${String(MOST_HOPS)} jump hosts`,
    'see whether ProxyJump lines in ~/.ssh/config go round in a circle',
  );
}
