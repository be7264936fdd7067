/** Turns a command line and an environment into etcd's settings, by etcd's own rules for both. */

import { type Result, err, ok } from '../base/result.ts';
import { type Fact, known, unknown } from '../model/observed.ts';
import {
  OWNED_FLAGS,
  type Settings,
  environmentName,
  flagOfEnvironment,
} from '../model/settings.ts';

/**
 * What a process was started with, by source; an empty flag is kept, since it shadows its variable.
 */
export interface ProcessSettings {
  readonly flags: Settings;
  readonly environment: Settings;
}

/**
 * The settings of a running etcd. A flag wins over its variable, as on 3.3; from 3.4 on a process
 * with both does not start (pkg/flags). Unknown when it is not etcd, or when a config file decides
 * alone.
 */
export function runningSettings(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Fact<Settings> {
  const given = processSettings(argv, environment);
  return given.known ? known(merged(given.value)) : given;
}

/** Like `runningSettings`, with the two sources apart. */
export function processSettings(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Fact<ProcessSettings> {
  const [program = '', ...args] = argv;
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (!name.includes('etcd')) return unknown(`the process is "${name}", not etcd`);
  const flags = parseFlags(args);
  if (!flags.ok) return unknown(`its command line cannot be read: ${flags.error}`);
  const variables = environmentSettings(environment);
  const file = flags.value[CONFIG_FILE] ?? variables[CONFIG_FILE] ?? '';
  if (file !== '') {
    return unknown(
      `it was started with the config file ${file}, which decides alone and cannot be read yet`,
    );
  }
  return known({ flags: flags.value, environment: variables });
}

/** What one process runs with, both sources put together. */
export function merged({ flags, environment }: ProcessSettings): Settings {
  return cleanSettings({ ...environment, ...flags });
}

/**
 * What the next start will use: the file, and under it what the running process has from elsewhere,
 * as a unit file may set it. A setting that peershift writes belongs into the file: a variable of
 * that kind that the file does not hold counts as taken out of it since the start, and
 * `contradictions` tells of it, so that nothing is planned on it but by the run that took it out.
 * Of a stopped member: the file alone.
 */
export function diskSettings(file: Settings, process: ProcessSettings | undefined): Settings {
  const elsewhere = Object.entries(process?.environment ?? {}).filter(([flag]) => {
    return !OWNED_FLAGS.includes(flag);
  });
  return cleanSettings({ ...Object.fromEntries(elsewhere), ...process?.flags, ...file });
}

/** Booleans as `true` or `false`, empty values and secrets left out, in flag order. */
export function cleanSettings(settings: Settings): Settings {
  const entries = Object.entries(settings)
    .filter(([flag, value]) => value !== '' && !SECRET.test(flag))
    .map(([flag, value]): [string, string] => [
      flag,
      BOOLEAN_FLAGS.has(flag) ? booleanText(value) : value,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

const CONFIG_FILE = 'config-file';

/**
 * Settings go into journals and reports; container images put passwords in variables named ETCD_.
 */
const SECRET = /password|secret|token|^discovery/;

/**
 * As Go's flag package: one dash or two, `=value` or the next word; a boolean never takes the next
 * word.
 */
function parseFlags(args: readonly string[]): Result<Settings, string> {
  const flags: Record<string, string> = {};
  const words = args.values();
  for (const word of words) {
    const match = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(word);
    const flag = match?.[1];
    if (flag === undefined) return err('it has a word that is neither a flag nor the value of one');
    const inline = match?.[2];
    if (inline !== undefined) {
      flags[flag] = inline;
    } else if (BOOLEAN_FLAGS.has(flag)) {
      flags[flag] = 'true';
    } else {
      const next = words.next();
      if (next.done === true) return err(`--${flag} has no value`);
      flags[flag] = next.value;
    }
  }
  return ok(flags);
}

/** An empty variable counts as none (pkg/flags `setFlagFromEnv`), and so does one in lower case. */
function environmentSettings(environment: Readonly<Record<string, string>>): Settings {
  const entries = Object.entries(environment).flatMap(([name, value]) => {
    const flag = flagOfEnvironment(name);
    const isRead = flag !== undefined && environmentName(flag) === name && value !== '';
    return isRead ? [[flag, value] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Go's strconv.ParseBool; what it refuses stays as it is. */
function booleanText(value: string): string {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return 'true';
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value) ? 'false' : value;
}

/** The boolean flags of etcd 3.2 to 3.6 (etcdmain/config.go). */
export const BOOLEAN_FLAGS: ReadonlySet<string> = new Set([
  ...['auto-tls', 'client-cert-auth', 'peer-auto-tls', 'peer-client-cert-auth'],
  ...['peer-skip-client-san-verification', 'experimental-peer-skip-client-san-verification'],
  ...['force-new-cluster', 'unsafe-no-fsync', 'strict-reconfig-check', 'pre-vote'],
  ...[
    'initial-election-tick-advance',
    'enable-v2',
    'enable-pprof',
    'debug',
    'version',
    'help',
    'h',
  ],
  ...['enable-log-rotation', 'enable-grpc-gateway', 'socket-reuse-port', 'socket-reuse-address'],
  ...['discovery-insecure-transport', 'discovery-insecure-skip-tls-verify'],
  ...['experimental-initial-corrupt-check', 'experimental-compact-hash-check-enabled'],
  ...['experimental-enable-lease-checkpoint', 'experimental-enable-lease-checkpoint-persist'],
  ...['experimental-enable-distributed-tracing', 'enable-distributed-tracing'],
  ...['experimental-memory-mlock', 'memory-mlock'],
  ...['experimental-txn-mode-write-with-shared-buffer'],
  ...['experimental-stop-grpc-service-on-defrag', 'stop-grpc-service-on-defrag'],
]);
