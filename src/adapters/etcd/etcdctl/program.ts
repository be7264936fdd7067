/** Turns the words of an etcdctl command into its end on a host, with the login and the TLS files sent along. */

import { type Result, err, ok } from '../../../base/result.ts';
import type { Failure } from '../../../model/failure.ts';
import type { ExecOutcome, Host } from '../../../ports.ts';
import type { EtcdOptions } from '../client.ts';
import type { Trouble } from '../trouble.ts';
import { unusable } from './words.ts';

export interface Program {
  /** A name on the host's PATH, or a path there. */
  readonly etcdctl: string;
  readonly host: Host;
}

export interface Invocation {
  readonly words: readonly string[];
  readonly stdin?: string;
  readonly secrets: Secrets;
  readonly deadlineMs: number;
}

export type Secrets = Pick<EtcdOptions, 'tls' | 'auth'>;

/** What comes before the answer: a session, a shell, and Go's own start on a host that is busy. */
export const START_MS = 5000;
const OLDEST = { major: 3, minor: 3 };

/**
 * The first four lines of the input are the login and the TLS files in base64, `-` for none: an argument
 * stands in the process list, an environment and a file of our own do not. In memory where the host has
 * a folder for that, and gone with the command. What follows in the input is etcdctl's.
 */
const PREPARE = [
  'IFS= read -r user; IFS= read -r ca; IFS= read -r cert; IFS= read -r key',
  'd= s=',
  'clean() { [ -z "$d" ] || rm -rf -- "$d"; [ -z "$s" ] || rm -rf -- "$s"; }',
  'trap clean EXIT; trap "exit 143" HUP INT TERM',
  'umask 077',
  'plain() { printf %s "$1" | base64 -d; }',
  'ETCDCTL_API=3; export ETCDCTL_API',
  '[ "$user" = - ] || { ETCDCTL_USER=$(plain "$user"); export ETCDCTL_USER; }',
  'if [ "$ca" != - ]; then',
  '  d=$(mktemp -d /dev/shm/peershift-etcdctl-XXXXXXXXXX 2>/dev/null || mktemp -d "${TMPDIR:-/tmp}/peershift-etcdctl-XXXXXXXXXX") || exit 1',
  '  plain "$ca" >"$d/ca.pem" || exit 1; ETCDCTL_CACERT=$d/ca.pem; export ETCDCTL_CACERT',
  'fi',
  'if [ "$cert" != - ] && [ "$key" != - ]; then',
  '  plain "$cert" >"$d/cert.pem" && plain "$key" >"$d/key.pem" || exit 1',
  '  ETCDCTL_CERT=$d/cert.pem ETCDCTL_KEY=$d/key.pem; export ETCDCTL_CERT ETCDCTL_KEY',
  'fi',
];

const RUN = [...PREPARE, '"$@"'].join('\n');

/** Prints the folder that it leaves, with `backup.db` in it; a snapshot that failed leaves nothing. */
const SAVE = [
  ...PREPARE,
  's=$(mktemp -d "${TMPDIR:-/var/tmp}/peershift-snapshot-XXXXXXXXXX") || exit 1',
  '"$@" "$s/backup.db" >&2 || exit',
  'printf "%s\\n" "$s"; s=',
].join('\n');

/** Its own exit and words, whatever they are; an error: it could not be run, or nobody knows how it ended. */
export function runEtcdctl(program: Program, invocation: Invocation): Promise<Ended> {
  return invoke(program, invocation, RUN);
}

/** The folder on the host is the only line of the output. */
export function runSnapshotSave(program: Program, invocation: Invocation): Promise<Ended> {
  return invoke(program, invocation, SAVE);
}

type Ended = Result<ExecOutcome, Trouble>;

async function invoke(
  { etcdctl, host }: Program,
  { words, stdin = '', secrets, deadlineMs }: Invocation,
  script: string,
): Promise<Ended> {
  const { tls, auth } = secrets;
  const login = auth === undefined ? undefined : `${auth.username}:${auth.password}`;
  const sent = [login, tls?.ca, tls?.cert, tls?.key].map(line).join('');
  const argv = ['sh', '-c', script, 'etcdctl', etcdctl, ...words];
  const ended = await host.exec(argv, { deadlineMs, stdin: `${sent}${stdin}` });
  return ended.ok ? ended : err(hostTrouble(ended.error));
}

function line(secret: string | Buffer | undefined): string {
  if (secret === undefined) return '-\n';
  return `${Buffer.from(secret).toString('base64')}\n`;
}

/** A host that did not take the command has sent nothing; one that fell silent may have. */
function hostTrouble({ code, where, but, remedy }: Failure): Trouble {
  const isOver = code === 'HOST_UNREACHABLE' || code === 'HOST_LOST';
  return { kind: isOver ? 'cut' : 'not-sent', words: `${where}: ${but}`, remedy };
}

/** The version, when it is one that is known here; the trouble of a program that is missing or too old. */
export async function versionOf(program: Program): Promise<Result<string, Trouble>> {
  const { host, etcdctl } = program;
  const asked = { words: ['version'], secrets: {}, deadlineMs: 2 * START_MS };
  const ended = await runEtcdctl(program, asked);
  if (!ended.ok) return ended;
  const { exitCode, stdout, stderr } = ended.value;
  if (exitCode === 127) return err(unusable(`there is no ${etcdctl} on host ${host.label}`));
  if (exitCode === 126) return err(unusable(`${etcdctl} on host ${host.label} cannot be started`));
  const [, version = '', major, minor] =
    /^etcdctl version: ((\d+)\.(\d+)\.\S+)$/m.exec(stdout) ?? [];
  if (version === '') {
    const said = `${stdout} ${stderr}`.replace(/\s+/g, ' ').trim().slice(0, 120);
    return err(unusable(`${etcdctl} on host ${host.label} does not tell its version: "${said}"`));
  }
  const isNewEnough =
    Number(major) > OLDEST.major ||
    (Number(major) === OLDEST.major && Number(minor) >= OLDEST.minor);
  if (isNewEnough) return ok(version);
  return err(unusable(`etcdctl ${version} on host ${host.label} is too old, 3.3 is needed`));
}
