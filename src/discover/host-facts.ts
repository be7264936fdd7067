/**
 * Turns one member's host into facts: its process, the settings it runs with, those on disk, its
 * TLS files.
 */

import { cleanSettings } from '../model/clean-settings.ts';
import {
  type ConfigSources,
  FOLDER_FLAGS,
  type ProcessSettings,
  type SettingElsewhere,
} from '../model/config-sources.ts';
import type { DeadManFact } from '../model/dead-man.ts';
import type { DesiredMember } from '../model/desired.ts';
import { type Fact, type ProcessFact, known, unknown, valueOf } from '../model/observed.ts';
import { CLIENT_FLAGS, OWNED_FLAGS, type Settings } from '../model/settings.ts';
import type { ConfigFile, HostProcess, MemberDoors, Pki } from '../ports.ts';
import { type NamedFile, type ReadFile, namedFiles, readFiles } from './cert-facts.ts';
import { diskSettings, merged, processSettings } from './config-facts.ts';
import { contradictions } from './contradictions.ts';

export interface HostFacts {
  readonly process: Fact<ProcessFact | 'stopped'>;
  readonly running: Fact<Settings>;
  readonly disk: Fact<Settings>;
  readonly configDigest: Fact<string>;
  readonly configProblems: readonly string[];
  readonly contradictions: readonly string[];
  readonly sources: Fact<ConfigSources>;
  readonly files: readonly ReadFile[];
  readonly deadMan: Fact<DeadManFact | undefined>;
}

interface LookAlso {
  /** A private key is judged where it is. */
  readonly keysStay?: boolean;
  /** The files and settings of the client side too. */
  readonly movesClients?: boolean;
}

/** All of one host, asked in parallel as far as one answer does not need another. */
export async function observeHost(
  member: DesiredMember,
  doors: MemberDoors,
  pki: Pki,
  planned: readonly NamedFile[],
  { keysStay = false, movesClients = false }: LookAlso = {},
): Promise<HostFacts> {
  const [process, config, deadMan] = await Promise.all([
    observeProcess(doors),
    doors.config.read(),
    observeDeadMan(doors),
  ]);
  const file = config.ok
    ? known(config.value)
    : unknown(`${member.config.path} cannot be read: ${config.error.but}`);
  const settings = settingsFacts({ config: member.config, process, file, movesClients });
  const named = [
    ...namedFiles(valueOf(settings.running), movesClients),
    ...namedFiles(valueOf(settings.disk), movesClients),
    ...planned,
  ];
  const running = valueOf(process);
  const user = running === 'stopped' ? undefined : running;
  return {
    process: processFact(process),
    ...settings,
    configDigest: file.known ? known(file.value.digest) : file,
    configProblems: file.known ? file.value.problems : [],
    files: await readFiles({ host: doors.host, pki, keysStay }, named, user),
    deadMan,
  };
}

async function observeDeadMan({ deadMan }: MemberDoors): Promise<Fact<DeadManFact | undefined>> {
  const seen = await deadMan?.look();
  if (seen === undefined) return known(undefined);
  return seen.ok ? known(seen.value) : unknown(seen.error.but);
}

/** A process that begins or ends at this very moment, as one that is started again and again does, is looked at anew. */
const PROCESS_LOOKS = 10;

async function observeProcess(doors: MemberDoors): Promise<Fact<HostProcess | 'stopped'>> {
  for (let looks = 1; ; looks += 1) {
    const { fact, isFleeting = false } = await lookAtProcess(doors);
    if (!isFleeting || looks >= PROCESS_LOOKS) return fact;
  }
}

interface ProcessLook {
  readonly fact: Fact<HostProcess | 'stopped'>;
  readonly isFleeting?: true;
}

async function lookAtProcess({ host, service }: MemberDoors): Promise<ProcessLook> {
  const state = await service.state();
  if (!state.known) return { fact: state };
  if (!state.value.isRunning) return { fact: known('stopped') };
  const { pid } = state.value;
  if (pid === undefined) return fleeting('it runs, and its process ID could not be told');
  const process = await host.process(pid);
  if (!process.ok) return { fact: unknown(`process ${String(pid)}: ${process.error.but}`) };
  if (process.value !== undefined) return { fact: known(process.value) };
  return fleeting(`process ${String(pid)} ended while it was looked at`);
}

function fleeting(reason: string): ProcessLook {
  return { fact: unknown(reason), isFleeting: true };
}

function processFact(process: Fact<HostProcess | 'stopped'>): Fact<ProcessFact | 'stopped'> {
  if (!process.known || process.value === 'stopped') return process;
  const { pid, startedAtMs, uid, gid } = process.value;
  return known({ pid, startedAtMs, uid, gid });
}

type SettingsFacts = Pick<HostFacts, 'running' | 'disk' | 'contradictions' | 'sources'>;

interface Seen {
  readonly config: DesiredMember['config'];
  readonly process: Fact<HostProcess | 'stopped'>;
  readonly file: Fact<ConfigFile>;
  readonly movesClients: boolean;
}

function settingsFacts({ config, process, file, movesClients }: Seen): SettingsFacts {
  const { format } = config;
  const mine = movesClients ? [...OWNED_FLAGS, ...CLIENT_FLAGS] : OWNED_FLAGS;
  const nothing = { contradictions: [], sources: unknown('the settings are not all known') };
  if (process.known && process.value === 'stopped') {
    const disk = file.known
      ? known(diskSettings(stoppedSettings(file.value, format), undefined, format))
      : file;
    return { running: unknown('the process is not running'), disk, ...nothing };
  }
  const given = startedWith(process, config);
  if (!given.known) return { running: given, disk: file.known ? given : file, ...nothing };
  const running = runningOf({ process, file }, given.value);
  if (!file.known) return { running, disk: file, ...nothing };
  const { path, settings, places = {}, elsewhere = [], variables = [] } = file.value;
  const disk = known(diskSettings(settings, given.value, format, mine));
  if (!running.known) return { running, disk, ...nothing };
  const sources: ConfigSources = {
    ...{ format, path, file: settings, places, process: given.value, running: running.value },
    ...{ elsewhere, variables },
  };
  return { running, disk, contradictions: contradictions(sources), sources: known(sources) };
}

/** No process tells what its unit sets beside the file; a flag counts over it, a variable where it wins. */
function stoppedSettings(
  { settings, elsewhere = [] }: ConfigFile,
  format: DesiredMember['config']['format'],
): Settings {
  if (format === 'yaml') return settings;
  const found = (flag: string, fits: (each: SettingElsewhere) => boolean): Settings => {
    const value = elsewhere.findLast((each) => each.flag === flag && fits(each))?.value;
    return value === undefined ? {} : { [flag]: value };
  };
  const under = FOLDER_FLAGS.map((flag) => found(flag, ({ wins }) => !wins));
  const over = FOLDER_FLAGS.map((flag) => ({
    ...found(flag, ({ wins }) => wins),
    ...found(flag, ({ isFlag }) => isFlag),
  }));
  return Object.assign({}, ...under, settings, ...over) as Settings;
}

/** Only a process that reads what the plan file calls its configuration is known. */
function startedWith(
  process: Fact<HostProcess | 'stopped'>,
  { format, path }: DesiredMember['config'],
): Fact<ProcessSettings> {
  if (!process.known) return process;
  if (process.value === 'stopped') return unknown('the process is not running');
  const given = processSettings(process.value.argv, process.value.environment);
  if (!given.known) return given;
  const { configFile } = given.value;
  if (format === 'yaml' && configFile === undefined) {
    return unknown(
      `it was started without --config-file, and config names ${path} as its YAML file`,
    );
  }
  if (configFile === undefined || (format === 'yaml' && configFile === path)) return given;
  const named = `it was started with the config file ${configFile}, which decides alone`;
  return unknown(`${named}: write config: { format: yaml, path: ${configFile} } in the plan file`);
}

/** A host tells the start of a process to the second, rounded down; etcd reads its file in the first moments. */
const START_ROUNDING_MS = 1000;

function runningOf(
  { process, file }: Pick<Seen, 'process' | 'file'>,
  given: ProcessSettings,
): Fact<Settings> {
  if (given.configFile === undefined) return known(merged(given));
  if (!file.known) return file;
  if (!process.known || process.value === 'stopped') return unknown('the process is not running');
  const latestMs = process.value.startedAtMs + START_ROUNDING_MS;
  const loaded = file.value.history?.findLast(({ sinceMs }) => sinceMs <= latestMs);
  if (loaded !== undefined) return known(cleanSettings(loaded.settings));
  const reason = `${given.configFile} was changed after the process had started, and what it held then is not known`;
  return unknown(reason);
}
