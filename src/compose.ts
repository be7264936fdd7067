/** Picks the adapters that a desired spec asks for, and puts them behind the doors. */

import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';

import { clientSight } from './adapters/clients/sight.ts';
import { commandService } from './adapters/command/service.ts';
import { fileLog } from './adapters/command/logs.ts';
import { openConfig } from './adapters/config/open.ts';
import { containerDoors } from './adapters/docker/doors.ts';
import { localHost } from './adapters/local/host.ts';
import { openRunLog } from './adapters/log/winston.ts';
import { makePeerDialer } from './adapters/peer/dialer.ts';
import { makePki } from './adapters/pki/pki.ts';
import { openJournal } from './adapters/store/journal-file.ts';
import { watchForPause } from './adapters/store/pause-word.ts';
import { dataRestorer } from './adapters/restore/new-data.ts';
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
import { type Result, ok } from './base/result.ts';
import { deadManFor } from './compose-dead-man.ts';
import { etcdOptions, etcdPool } from './compose-etcd.ts';
import { type ComposeInput, type ReachedHost, openHosts } from './compose-hosts.ts';
import { podLogs, podService } from './compose-static-pod.ts';
import type { Rim } from './engine-types.ts';
import type { DesiredMember, DesiredSpec, ServiceSpec } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import type { MemberName } from './model/ids.ts';
import { urlParts } from './model/url.ts';
import type {
  Clock,
  Host,
  MemberConfig,
  MemberDoors,
  RunFiles,
  RunStore,
  Service,
} from './ports.ts';
import { redact } from './show/redact.ts';

export async function compose(input: ComposeInput): Promise<Result<Rim, Failure>> {
  const { desired } = input;
  const options = await etcdOptions(input);
  if (!options.ok) return options;
  const here = localHost('this machine');
  const hosts = await openHosts(input, here);
  if (!hosts.ok) return hosts;
  const pool = etcdPool(desired, hosts.value, options.value);
  const members = desired.members.map((member): [MemberName, MemberDoors] => [
    member.name,
    doorsFor(desired, member, present(hosts.value.of.get(member.name), 'the host of a member')),
  ]);
  return ok({
    desired,
    doors: new Map(members),
    openEtcd: pool.open,
    openHere: pool.openHere,
    openPlain: pool.openPlain,
    here,
    pki: makePki(
      () => Date.now(),
      (count) => randomBytes(count),
    ),
    clock: systemClock,
    dialer: makePeerDialer(),
    restorer: scratchRestorer(here),
    dataRestorer: dataRestorer(),
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
  const clients = clientSight(host);
  if (service.manager === 'docker') {
    return { ...reached, clients, ...containerDoors(host, service, name) };
  }
  const deadMan = deadManFor(member, host, gates.startMs);
  const config = openConfig(host, member);
  // The other managers and formats are refused by name before this is reached.
  return {
    ...reached,
    clients,
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
