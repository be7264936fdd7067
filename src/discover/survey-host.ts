/** Turns a look at a member's host into what runs it, where its settings stand, and what had to be guessed. */

import type { ConfigSpec, ServiceSpec } from '../model/desired.ts';
import { PLACEHOLDER } from '../model/placeholder.ts';
import { asideOf } from '../model/pod-paths.ts';
import { FLAG, environmentName } from '../model/settings.ts';
import { type Guess, type SurveyedMember, guessed, seen } from '../model/survey.ts';
import type { Host, HostProcess } from '../ports.ts';
import { type Sought, findProcess, settingsOf } from './survey-process.ts';
import { type Surroundings, surroundingsOf } from './survey-script.ts';

export type HostSurvey = Pick<SurveyedMember, 'service' | 'config' | 'tlsDirectory' | 'notes'>;

const USUAL_TLS_DIRECTORY = '/etc/etcd/pki';
/** More files than this that look like settings are not read for a guess. */
const MOST_FILES = 12;

export async function surveyHost(host: Host, sought: Sought): Promise<HostSurvey> {
  const found = await findProcess(host, sought);
  if (typeof found === 'string') return notFound(found, sought);
  const around = await surroundingsOf(host, found.pid);
  if (typeof around === 'string') return notFound(around, sought);
  const service = serviceOf(sought.name, found, around);
  const config = await configOf(host, found, { around, service: service.value }, sought.name);
  return {
    service,
    config,
    tlsDirectory: tlsDirectoryOf(sought, found, config.value),
    notes: [],
  };
}

/** Everything is to be filled in; the reason is for the person. No two members may share a command or a file. */
export function notFound(
  reason: string,
  { name, isAlone }: Pick<Sought, 'name' | 'isAlone'>,
): HostSurvey {
  return {
    service: commandsToFill(reason, name),
    config: guessed(
      { format: 'env-file', path: `/${PLACEHOLDER}/${name}.env` },
      'nothing was found',
    ),
    tlsDirectory: isAlone
      ? guessed(USUAL_TLS_DIRECTORY, 'the usual place')
      : guessed(`/${PLACEHOLDER}/${name}/pki`, 'members of one machine need a folder each'),
    notes: [],
  };
}

function commandsToFill(reason: string, name: string): Guess<ServiceSpec> {
  const argv = (verb: string) => [PLACEHOLDER, verb, name] as const;
  const [start, stop, status] = [argv('start'), argv('stop'), argv('status')];
  const service = { manager: 'command', start, stop, status, logFile: undefined } as const;
  return guessed(service, `nothing was found: ${reason}`);
}

function serviceOf(name: string, { pid }: HostProcess, around: Surroundings): Guess<ServiceSpec> {
  const { unit, mainPid, parentPid, container, scripts, parent, initScript, logFile } = around;
  if (container !== undefined) return containerService(container, around);
  if (unit !== undefined && (mainPid === pid || mainPid === parentPid)) {
    return seen({ manager: 'systemd', unit: unit.replace(/\.service$/, '') });
  }
  if (scripts !== undefined) {
    const script = (name: string): readonly [string, string] => ['sh', `${scripts}/${name}.sh`];
    const service = {
      manager: 'command',
      start: script('start'),
      stop: script('stop'),
      status: script('status'),
      logFile,
    } as const;
    return guessed(service, 'these scripts stand in the folder that it runs in');
  }
  const runit = /(?:^|\/)runsv\s+(\S+)/.exec(parent)?.[1];
  if (runit !== undefined)
    return guessed(verbs(['sv'], [runit], logFile), `runsv ${runit} has started it`);
  if (initScript !== undefined) {
    return guessed(
      verbs([initScript], [], logFile),
      'that script is there, and no supervisor was found',
    );
  }
  return commandsToFill('no unit, no container, no supervisor and no scripts', name);
}

function verbs(
  before: readonly [string],
  after: readonly string[],
  logFile: string | undefined,
): Extract<ServiceSpec, { manager: 'command' }> {
  const argv = (verb: string): readonly [string, ...string[]] => [before[0], verb, ...after];
  return {
    manager: 'command',
    start: argv('start'),
    stop: argv('stop'),
    status: argv('status'),
    logFile,
  };
}

function containerService(
  container: NonNullable<Surroundings['container']>,
  { manifest }: Surroundings,
): Guess<ServiceSpec> {
  if (container.isPod) {
    const path = manifest ?? '/etc/kubernetes/manifests/etcd.yaml';
    return guessed(
      { manager: 'static-pod', path },
      'it runs in a pod, and manifests stand there as a rule',
    );
  }
  const { binary, name, id } = container;
  const service = { manager: 'docker', container: name ?? id, binary } as const;
  return name === undefined
    ? guessed(service, `${binary} did not tell the name of ${id}`)
    : seen(service);
}

async function configOf(
  host: Host,
  process: HostProcess,
  { around, service }: { readonly around: Surroundings; readonly service: ServiceSpec },
  name: string,
): Promise<Guess<ConfigSpec>> {
  if (service.manager === 'docker') return flagsConfig(service, name);
  const file = configFileOf(process);
  if (file !== undefined) {
    const path = file.startsWith('/') ? file : `${around.folder ?? ''}/${file}`;
    return seen({ format: 'yaml', path });
  }
  const flags = Object.values(FLAG).filter((flag) =>
    process.argv.some((word) => isFlag(word, flag)),
  );
  const variables = Object.keys(process.environment).filter((name) => name.startsWith('ETCD_'));
  const peerInFlags = flags.includes(FLAG.listenPeerUrls) || variables.length === 0;
  if (peerInFlags && flags.length > 0) return flagsConfig(service, name);
  return await envFileOf(host, process, around, name);
}

function isFlag(word: string, flag: string): boolean {
  return (
    word === `--${flag}` ||
    word.startsWith(`--${flag}=`) ||
    word.startsWith(`-${flag}=`) ||
    word === `-${flag}`
  );
}

function configFileOf({ argv, environment }: HostProcess): string | undefined {
  const at = argv.findIndex((word) => isFlag(word, 'config-file'));
  const word = argv[at] ?? '';
  const flag =
    at < 0 ? undefined : word.includes('=') ? word.slice(word.indexOf('=') + 1) : argv[at + 1];
  const file = flag ?? environment[environmentName('config-file')] ?? '';
  return file === '' ? undefined : file;
}

/** A unit's flags are written as a drop-in of our own: the path is the usual one for that. */
function flagsConfig(service: ServiceSpec, name: string): Guess<ConfigSpec> {
  if (service.manager === 'systemd') {
    const path = `/etc/systemd/system/${service.unit}.service.d/50-peershift.conf`;
    return seen({ format: 'flags', path });
  }
  if (service.manager === 'static-pod') {
    return seen({ format: 'flags', path: asideOf(service.path) });
  }
  if (service.manager === 'docker') return seen({ format: 'flags', path: service.container });
  return guessed(
    { format: 'flags', path: `/${PLACEHOLDER}/${name}` },
    'its settings are flags, and what starts it with them was not found',
  );
}

/** The file that has most of the variables that the process runs with, as it runs with them. */
async function envFileOf(
  host: Host,
  process: HostProcess,
  { environmentFiles, envFiles }: Surroundings,
  name: string,
): Promise<Guess<ConfigSpec>> {
  const named = new Set(environmentFiles);
  const paths = [...new Set([...environmentFiles, ...envFiles])].slice(0, MOST_FILES);
  const rated = await Promise.all(
    paths.map(async (path) => {
      const file = await host.readFile(path);
      const text =
        file.ok && file.value !== undefined ? new TextDecoder().decode(file.value.bytes) : '';
      return { path, count: agreement(text, process.environment) };
    }),
  );
  const best = [...rated].sort((a, b) => b.count - a.count)[0];
  if (best !== undefined && best.count > 0) {
    const value = { format: 'env-file', path: best.path } as const;
    if (named.has(best.path)) return seen(value);
    return guessed(
      value,
      `${String(best.count)} of its ETCD_ variables stand there with the values that it runs with`,
    );
  }
  const [first] = environmentFiles;
  if (first !== undefined) {
    return guessed(
      { format: 'env-file', path: first },
      "it is the unit's EnvironmentFile, though none of the running settings stands in it",
    );
  }
  return guessed(
    { format: 'env-file', path: `/${PLACEHOLDER}/${name}.env` },
    'no file with its ETCD_ variables was found',
  );
}

/** How many lines `NAME=value` say what the environment says. */
export function agreement(text: string, environment: Readonly<Record<string, string>>): number {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^\s*(?:export\s+)?(ETCD_[A-Z0-9_]+)=(.*?)\s*$/.exec(line);
    return match === null ? [] : [{ name: match[1] ?? '', value: unquoted(match[2] ?? '') }];
  });
  return lines.filter(({ name, value }) => environment[name] === value).length;
}

function unquoted(text: string): string {
  const inner = /^(["'])(.*)\1$/.exec(text)?.[2];
  return inner ?? text;
}

function tlsDirectoryOf(sought: Sought, process: HostProcess, config: ConfigSpec): Guess<string> {
  const settings = settingsOf(process);
  const present = settings[FLAG.peerCertFile] ?? settings[FLAG.peerTrustedCaFile] ?? '';
  if (present.startsWith('/')) {
    return guessed(folderOf(present), 'its peer certificate stands there now');
  }
  if (sought.isAlone || !config.path.startsWith('/') || config.path.includes(PLACEHOLDER)) {
    return guessed(USUAL_TLS_DIRECTORY, 'the usual place');
  }
  return guessed(
    `${folderOf(config.path)}/pki`,
    'several members share this machine: each needs a folder of its own',
  );
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}
