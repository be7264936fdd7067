/** Turns a host's processes into the one etcd process of a member, or into the reason why there is none. */

import { FLAG, type Settings } from '../model/settings.ts';
import type { Host, HostProcess } from '../ports.ts';
import { processSettings } from './config-facts.ts';

/** Who is looked for: by the URLs of the member list, since other clusters have members of the same name. */
export interface Sought {
  readonly name: string;
  /** Peer and client URLs as the member list has them. */
  readonly urls: readonly string[];
  /** Several members on one machine need a folder each. */
  readonly isAlone: boolean;
}

/** The etcd process of this member, or why there is none. */
export async function findProcess(host: Host, sought: Sought): Promise<HostProcess | string> {
  const listed = await host.exec(['sh', '-c', LIST_SCRIPT], { deadlineMs: LIST_DEADLINE_MS });
  if (!listed.ok) return listed.error.but;
  const pids = listed.value.stdout
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
  const processes: HostProcess[] = [];
  let refusal = '';
  for (const pid of pids) {
    const process = await host.process(pid);
    if (!process.ok) refusal = process.error.but;
    else if (process.value !== undefined) processes.push(process.value);
  }
  const matching = processes.filter((process) => isAt(process, sought));
  const ofName = matching.filter((process) => settingsOf(process)[FLAG.name] === sought.name);
  const [first] =
    ofName.length > 0 ? ofName : matching.length > 0 ? matching : silent(processes, sought);
  if (first !== undefined) return first;
  if (pids.length === 0) return 'no process called etcd runs there';
  return refusal === '' ? `no etcd process there is ${sought.name}` : refusal;
}

const LIST_DEADLINE_MS = 20_000;

/** Process IDs of what is called etcd, one a line. */
const LIST_SCRIPT = `
for place in /proc/[0-9]*; do
  name=
  read -r name 2>/dev/null <"$place/comm" || continue
  case $name in
    etcdctl* | etcdutl* | etcd-dump* | etcdadm* | etcd-manager*) ;;
    etcd*) printf '%s\\n' "\${place#/proc/}" ;;
  esac
done
`;

const URL_FLAGS = [FLAG.listenPeerUrls, FLAG.initialAdvertisePeerUrls, FLAG.advertiseClientUrls];

/** Does the process serve or advertise a host and port that the list has for the member? */
function isAt(process: HostProcess, { urls }: Sought): boolean {
  const wanted = new Set(urls.map(socketOf));
  return ownUrls(process).some((url) => wanted.has(socketOf(url)));
}

/** On a machine with one member only: a process that does not say by flag or variable where it listens. */
function silent(processes: readonly HostProcess[], { isAlone }: Sought): readonly HostProcess[] {
  const without = processes.filter((process) => ownUrls(process).length === 0);
  return isAlone && without.length === 1 ? without : [];
}

function ownUrls(process: HostProcess): readonly string[] {
  const settings = settingsOf(process);
  return URL_FLAGS.flatMap((flag) => (settings[flag] ?? '').split(',')).filter((url) => url !== '');
}

export function settingsOf({ argv, environment }: HostProcess): Settings {
  const given = processSettings(argv, environment);
  return given.known ? { ...given.value.environment, ...given.value.flags } : {};
}

function socketOf(url: string): string {
  return url
    .trim()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '');
}
