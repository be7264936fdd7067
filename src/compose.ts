/** Picks the adapters that a desired spec asks for, and puts them behind the doors. */

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';

import { commandService } from './adapters/command/service.ts';
import { fileLog } from './adapters/command/logs.ts';
import { openConfig } from './adapters/config/open.ts';
import { containerDoors } from './adapters/docker/doors.ts';
import { makeOpenEtcdctl } from './adapters/etcd/etcdctl/open.ts';
import { makeOpenEtcd } from './adapters/etcd/open.ts';
import { localHost } from './adapters/local/host.ts';
import { openRunLog } from './adapters/log/winston.ts';
import { makePeerDialer } from './adapters/peer/dialer.ts';
import { makePki } from './adapters/pki/pki.ts';
import { openJournal } from './adapters/store/journal-file.ts';
import { watchForPause } from './adapters/store/pause-word.ts';
import { scratchRestorer } from './adapters/restore/scratch.ts';
import {
  type RunFolder,
  createRunFolder,
  listRuns,
  makeStateFolder,
  saveInRun,
  stateFolder,
} from './adapters/store/run-folder.ts';
import { isStateLocked, lockState } from './adapters/store/run-lock.ts';
import { systemdLog } from './adapters/systemd/logs.ts';
import { systemdService } from './adapters/systemd/service.ts';
import { present, unreachable } from './base/assert.ts';
import { type Result, err, ok } from './base/result.ts';
import { deadManFor } from './compose-dead-man.ts';
import {
  type ComposeInput,
  type Hosts,
  type ReachedHost,
  hostNear,
  openHosts,
} from './compose-hosts.ts';
import { podLogs, podService } from './compose-static-pod.ts';
import type { Rim } from './engine-types.ts';
import type { DesiredMember, DesiredSpec, ServiceSpec } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import type { MemberName } from './model/ids.ts';
import { urlParts } from './model/url.ts';
import type {
  Clock,
  EtcdMember,
  Host,
  MemberConfig,
  MemberDoors,
  OpenEtcd,
  RunFiles,
  RunStore,
  Service,
} from './ports.ts';
import { redact } from './show/redact.ts';

/** Longer than etcd's own request timeout (7 s), so that its reason arrives before our deadline. */
const CALL_MS = 8000;

export async function compose(input: ComposeInput): Promise<Result<Rim, Failure>> {
  const { desired } = input;
  const options = await etcdOptions(input);
  if (!options.ok) return options;
  const here = localHost('this machine');
  const hosts = await openHosts(input, here);
  if (!hosts.ok) return hosts;
  const { way } = hosts.value;
  const direct = makeOpenEtcd({ ...options.value, ...(way === undefined ? {} : { way }) });
  const pool = pooled(
    desired.memberApi === 'grpc'
      ? direct
      : byEtcdctl(desired, hosts.value.of, options.value, direct),
  );
  const members = desired.members.map((member): [MemberName, MemberDoors] => [
    member.name,
    doorsFor(desired, member, present(hosts.value.of.get(member.name), 'the host of a member')),
  ]);
  return ok({
    desired,
    doors: new Map(members),
    openEtcd: pool.open,
    openHere: makeOpenEtcd(options.value),
    here,
    pki: makePki(
      () => Date.now(),
      (count) => randomBytes(count),
    ),
    clock: systemClock,
    dialer: makePeerDialer(),
    restorer: scratchRestorer(here),
    store: runStore(stateFolder(desired.planFile, desired.name, input.stateDirectory)),
    close: async () => {
      pool.closeAll();
      await Promise.all([here.close(), hosts.value.close()]);
    },
  });
}

/** The time of day as it was at the start, and from then on what no step of the machine's clock can move. */
const systemClock: Clock = {
  nowMs: () => Math.round(performance.timeOrigin + performance.now()),
  sleep: async (ms, signal) => {
    // An abort ends the wait early and is no error.
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

function doorsFor(
  { gates }: DesiredSpec,
  member: DesiredMember,
  reached: ReachedHost,
): MemberDoors {
  const { host } = reached;
  const { service, name } = member;
  if (service.manager === 'docker') return { ...reached, ...containerDoors(host, service, name) };
  const deadMan = deadManFor(member, host, gates.startMs);
  const config = openConfig(host, member);
  // The other managers and formats are refused by name before this is reached.
  return {
    ...reached,
    service: serviceFor(member, host, config),
    config,
    log: logFor(member.service, host, config),
    ...(deadMan === undefined ? {} : { deadMan }),
  };
}

function serviceFor(member: DesiredMember, host: Host, config: MemberConfig): Service {
  const { service } = member;
  switch (service.manager) {
    case 'command': {
      const ports = member.peerUrl === undefined ? [] : [urlParts(member.peerUrl)];
      return commandService(host, service, member.name, () => ports);
    }
    case 'systemd':
      return systemdService(host, service.unit, member.name);
    case 'static-pod':
      return podService(member, service, host, config);
    case 'docker':
      throw new Error(`the manager ${service.manager} has no service of this kind`);
    default:
      return unreachable(service);
  }
}

function logFor(service: ServiceSpec, host: Host, config: MemberConfig): MemberDoors['log'] {
  if (service.manager === 'systemd') return systemdLog(host, service.unit);
  if (service.manager === 'static-pod') return podLogs(service, host, config);
  if (service.manager !== 'command' || service.logFile === undefined) return undefined;
  return fileLog(host, service.logFile);
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

type EtcdOptions = Parameters<typeof makeOpenEtcd>[0];

async function etcdOptions(input: ComposeInput): Promise<Result<EtcdOptions, Failure>> {
  const { cluster } = input.desired;
  const tls = cluster.tls === undefined ? ok(undefined) : await tlsFiles(cluster.tls);
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

async function tlsFiles(
  tls: NonNullable<DesiredSpec['cluster']['tls']>,
): Promise<Result<NonNullable<EtcdOptions['tls']>, Failure>> {
  try {
    const [ca, cert, key] = await Promise.all([
      readFile(tls.ca),
      tls.cert === undefined ? undefined : readFile(tls.cert),
      tls.key === undefined ? undefined : readFile(tls.key),
    ]);
    return ok({
      ca,
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
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

function runStore(path: string): RunStore {
  return {
    path,
    lock: async (id, onLost) => {
      const made = await makeStateFolder(path);
      return made.ok ? lockState(path, id, onLost) : made;
    },
    isLocked: () => isStateLocked(path),
    create: async (id) => {
      const folder = await createRunFolder(path, id);
      return folder.ok ? ok(runFiles(folder.value)) : folder;
    },
    list: async () => {
      const folders = await listRuns(path);
      return folders.ok ? ok(folders.value.map(runFiles)) : folders;
    },
  };
}

function runFiles(folder: RunFolder): RunFiles {
  const journal = openJournal(folder.journal);
  return {
    id: folder.id,
    path: folder.path,
    backupPath: folder.backup,
    journal,
    readEntries: async () => {
      const content = await journal.read();
      return content.ok ? ok(content.value.entries) : content;
    },
    askPause: () => saveInRun(folder.pause, ''),
    onPauseAsked: (tell) => watchForPause(folder.pause, tell),
    openLog: () => openRunLog(folder.log, redact),
    saveReport: async (json, page) => {
      const saved = await saveInRun(folder.reportJson, json);
      const shown = saved.ok ? await saveInRun(folder.reportHtml, page) : saved;
      return shown.ok ? ok(folder.reportHtml) : shown;
    },
  };
}
