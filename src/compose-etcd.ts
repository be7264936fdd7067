/** Picks how the members' client URLs are asked: by which program, through which connection, with what. */

import { readFile } from 'node:fs/promises';

import { makeOpenEtcdctl } from './adapters/etcd/etcdctl/open.ts';
import { type FollowOptions, makeOpenFollowing } from './adapters/etcd/follow.ts';
import { type EtcdOptions, makeOpenEtcd } from './adapters/etcd/open.ts';
import { type Result, err, ok } from './base/result.ts';
import { systemErrorCode } from './base/system-error.ts';
import { type ComposeInput, type Hosts, hostNear } from './compose-hosts.ts';
import type { DesiredSpec } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import type { EtcdMember, OpenEtcd } from './ports.ts';

/** Longer than etcd's own request timeout (7 s), so that its reason arrives before our deadline. */
const CALL_MS = 8000;

interface EtcdPool {
  readonly open: OpenEtcd;
  /** A member on this machine, whatever way those of the cluster are reached. */
  readonly openHere: OpenEtcd;
  readonly openPlain: OpenEtcd;
  readonly closeAll: () => void;
}

/** Where the plan moves the clients, a URL is followed to the scheme that its member serves now. */
export function etcdPool(desired: DesiredSpec, hosts: Hosts, options: EtcdOptions): EtcdPool {
  const { cluster, scope, memberApi } = desired;
  const { way } = hosts;
  const openWith: FollowOptions['openWith'] = (each) => {
    const direct = makeOpenEtcd(each);
    return memberApi === 'grpc' ? direct : byEtcdctl(desired, hosts.of, each, direct);
  };
  const { tls, ...rest } = options;
  const reached = { ...rest, ...(way === undefined ? {} : { way }) };
  const open =
    scope === 'peer' || cluster.tls === undefined
      ? openWith({ ...reached, ...(tls === undefined ? {} : { tls }) })
      : makeOpenFollowing({ options: reached, tlsFiles: lateTlsFiles(cluster.tls), openWith });
  return { ...pooled(open), openHere: makeOpenEtcd(options), openPlain: makeOpenEtcd(reached) };
}

/** One client for each URL, kept open from look to look. */
function pooled(open: OpenEtcd): { open: OpenEtcd; closeAll: () => void } {
  const clients = new Map<string, EtcdMember>();
  return {
    open: (endpoint) => {
      let client = clients.get(endpoint);
      if (client === undefined) {
        client = open(endpoint);
        clients.set(endpoint, client);
      }
      // Whoever asked for it may let go of it; the connection stays for the next look.
      return { ...client, close: () => undefined };
    },
    closeAll: () => {
      for (const client of clients.values()) client.close();
      clients.clear();
    },
  };
}

/** All but the metrics is asked of the etcdctl on the members' hosts. */
function byEtcdctl(
  { members, cluster }: DesiredSpec,
  hosts: Hosts['of'],
  options: EtcdOptions,
  direct: OpenEtcd,
): OpenEtcd {
  const { etcdctl = 'etcdctl' } = cluster;
  return makeOpenEtcdctl({ ...options, etcdctl, hostOf: hostNear(members, hosts), direct });
}

/** A plan that moves the clients may make its TLS files itself: they are read when they are there. */
export async function etcdOptions(input: ComposeInput): Promise<Result<EtcdOptions, Failure>> {
  const { cluster, scope, pki } = input.desired;
  const mayBeMade = scope !== 'peer' && pki.mode === 'issue';
  const tls = cluster.tls === undefined || mayBeMade ? ok(undefined) : await tlsFiles(cluster.tls);
  if (!tls.ok) return tls;
  const login =
    cluster.auth === undefined ? ok(undefined) : loginOf(cluster.auth, input.environment);
  if (!login.ok) return login;
  return ok({
    callMs: CALL_MS,
    ...(tls.value === undefined ? {} : { tls: tls.value }),
    ...(login.value === undefined ? {} : { auth: login.value }),
  });
}

type TlsPaths = NonNullable<DesiredSpec['cluster']['tls']>;
type TlsFiles = NonNullable<EtcdOptions['tls']>;

/** Undefined while one of them is not there yet; what is there and cannot be read says so when it is used. */
function lateTlsFiles(paths: TlsPaths): FollowOptions['tlsFiles'] {
  return async () => {
    try {
      return await readTlsFiles(paths);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      return { ca: Buffer.from('') };
    }
  };
}

async function readTlsFiles(tls: TlsPaths): Promise<TlsFiles> {
  const [ca, cert, key] = await Promise.all([
    readFile(tls.ca),
    tls.cert === undefined ? undefined : readFile(tls.cert),
    tls.key === undefined ? undefined : readFile(tls.key),
  ]);
  return {
    ca,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function tlsFiles(tls: TlsPaths): Promise<Result<TlsFiles, Failure>> {
  try {
    return ok(await readTlsFiles(tls));
  } catch (error) {
    return err({
      code: 'CERTIFICATE_UNUSABLE',
      where: 'cluster.tls of the plan file',
      would: 'read the files for client TLS',
      but: error instanceof Error ? error.message : 'they cannot be read',
      so: 'the client endpoints cannot be asked; nothing has been changed',
      remedy: 'correct the paths under cluster.tls, or make the files readable for you',
    });
  }
}

function loginOf(
  auth: NonNullable<DesiredSpec['cluster']['auth']>,
  environment: ComposeInput['environment'],
): Result<{ username: string; password: string }, Failure> {
  const password = environment[auth.passwordEnv];
  if (password !== undefined && password !== '') return ok({ username: auth.username, password });
  return err({
    code: 'ARGUMENTS_INVALID',
    where: 'cluster.auth of the plan file',
    would: `log in to etcd as ${auth.username}`,
    but: `the environment variable ${auth.passwordEnv} is not set`,
    so: 'nothing has been changed',
    remedy: `set ${auth.passwordEnv} for this command`,
  });
}
