/**
 * Turns one member's host into facts: its process, the settings it runs with, those on disk, its
 * TLS files.
 */

import type { DesiredMember } from '../model/desired.ts';
import { type Fact, type ProcessFact, known, unknown, valueOf } from '../model/observed.ts';
import type { Settings } from '../model/settings.ts';
import type { ConfigFile, HostProcess, MemberDoors, Pki } from '../ports.ts';
import { type NamedFile, type ReadFile, namedFiles, readFiles } from './cert-facts.ts';
import { type ProcessSettings, diskSettings, merged, processSettings } from './config-facts.ts';
import { contradictions } from './contradictions.ts';

export interface HostFacts {
  readonly process: Fact<ProcessFact | 'stopped'>;
  readonly running: Fact<Settings>;
  readonly disk: Fact<Settings>;
  readonly configDigest: Fact<string>;
  readonly configProblems: readonly string[];
  readonly contradictions: readonly string[];
  readonly files: readonly ReadFile[];
}

/** All of one host, asked in parallel as far as one answer does not need another. */
export async function observeHost(
  member: DesiredMember,
  doors: MemberDoors,
  pki: Pki,
  planned: readonly NamedFile[],
): Promise<HostFacts> {
  const [process, config] = await Promise.all([observeProcess(doors), doors.config.read()]);
  const file = config.ok
    ? known(config.value)
    : unknown(`${member.config.path} cannot be read: ${config.error.but}`);
  const settings = settingsFacts(process, file);
  const named = [
    ...namedFiles(valueOf(settings.running)),
    ...namedFiles(valueOf(settings.disk)),
    ...planned,
  ];
  const running = valueOf(process);
  const user = running === 'stopped' ? undefined : running;
  return {
    process: processFact(process),
    ...settings,
    configDigest: file.known ? known(file.value.digest) : file,
    configProblems: file.known ? file.value.problems : [],
    files: await readFiles({ host: doors.host, pki }, named, user),
  };
}

async function observeProcess({
  host,
  service,
}: MemberDoors): Promise<Fact<HostProcess | 'stopped'>> {
  const state = await service.state();
  if (!state.known) return state;
  if (!state.value.isRunning) return known('stopped');
  const { pid } = state.value;
  if (pid === undefined) return unknown('it runs, and its process ID could not be told');
  const process = await host.process(pid);
  if (!process.ok) return unknown(`process ${String(pid)}: ${process.error.but}`);
  if (process.value !== undefined) return known(process.value);
  return unknown(`process ${String(pid)} ended while it was looked at`);
}

function processFact(process: Fact<HostProcess | 'stopped'>): Fact<ProcessFact | 'stopped'> {
  if (!process.known || process.value === 'stopped') return process;
  const { pid, startedAtMs, uid, gid } = process.value;
  return known({ pid, startedAtMs, uid, gid });
}

type SettingsFacts = Pick<HostFacts, 'running' | 'disk' | 'contradictions'>;

function settingsFacts(
  process: Fact<HostProcess | 'stopped'>,
  file: Fact<ConfigFile>,
): SettingsFacts {
  if (process.known && process.value === 'stopped') {
    return {
      running: unknown('the process is not running'),
      disk: file.known ? known(diskSettings(file.value.settings, undefined)) : file,
      contradictions: [],
    };
  }
  const given = startedWith(process);
  if (!given.known) {
    return { running: given, disk: file.known ? given : file, contradictions: [] };
  }
  const running = known(merged(given.value));
  if (!file.known) return { running, disk: file, contradictions: [] };
  const { path, settings } = file.value;
  return {
    running,
    disk: known(diskSettings(settings, given.value)),
    contradictions: contradictions({ path, file: settings, process: given.value }),
  };
}

function startedWith(process: Fact<HostProcess | 'stopped'>): Fact<ProcessSettings> {
  if (!process.known) return process;
  if (process.value === 'stopped') return unknown('the process is not running');
  return processSettings(process.value.argv, process.value.environment);
}
