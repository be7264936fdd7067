/** Turns a manifest in the kubelet's folder into a Service: taken out it stops the member, put back it starts it. */

import { setTimeout as sleep } from 'node:timers/promises';

import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { type Fact, known, unknown } from '../../model/observed.ts';
import type {
  Answer,
  Host,
  HostProcess,
  Service,
  ServiceOptions,
  ServiceState,
} from '../../ports.ts';

export interface StaticPod {
  readonly memberName: string;
  /** In the folder of the kubelet. */
  readonly manifest: string;
  /** Where the one for the next start waits. */
  readonly aside: string;
  /** Flags that tell its process from others, as the manifest has them; none are known: the name alone. */
  readonly marks: () => Promise<Readonly<Record<string, string>>>;
}

const SCRIPT_DEADLINE_MS = 15_000;
const LOOK_MS = 200;
const TAIL_CHARACTERS = 300;
/** Process ids of whatever has etcd in its command line. */
const CANDIDATES = 'grep -l -a etcd /proc/[0-9]*/cmdline 2>/dev/null; :';

/**
 * `$1` is the manifest, `$2` the place aside. What somebody else made of the manifest since is kept as
 * `$2.replaced`; the new one gets its owner and mode.
 */
const OUT = [
  'set -e; umask 077; [ -e "$1" ] || exit 0',
  'mkdir -p -- "${2%/*}"',
  'if [ -e "$2" ]; then',
  '  chmod --reference="$1" -- "$2"; chown --reference="$1" -- "$2"; mv -T -f -- "$1" "$2.replaced"',
  'else mv -T -- "$1" "$2"; fi',
  'sync -- "${1%/*}" "${2%/*}"',
].join('\n');

/** In one rename; from another file system by way of a hidden file, which the kubelet does not read. */
const IN = [
  'set -e; umask 077',
  'if [ ! -e "$2" ]; then [ -e "$1" ] && exit 0; echo "there is neither $1 nor $2" >&2; exit 1; fi',
  'from=$2; folder=${1%/*}',
  'if [ "$(stat -c %d -- "$2")" != "$(stat -c %d -- "$folder")" ]; then',
  '  from=$folder/.peershift-${1##*/}; cp -p -- "$2" "$from"; sync -- "$from"',
  'fi',
  'mv -T -f -- "$from" "$1"; sync -- "$folder"; rm -f -- "$2"',
].join('\n');

/**
 * `stop` returns when the process is gone, `start` when there is one: the kubelet sees a change of its folder
 * at once, or at its next look (20 s by default).
 */
export function staticPodService(host: Host, pod: StaticPod): Service {
  return {
    state: () => stateOf(host, pod),
    stop: (options) => stop(host, pod, options),
    start: (options) => start(host, pod, options),
  };
}

async function stateOf(host: Host, pod: StaticPod): Promise<Fact<ServiceState>> {
  const found = await processOf(host, pod);
  if (!found.ok) return unknown(found.error.but);
  return known({ isRunning: found.value !== undefined, pid: found.value?.pid });
}

/** The youngest that fits: an old one may still be on its way out. */
async function processOf(host: Host, pod: StaticPod): Answer<HostProcess | undefined> {
  const marks = { name: pod.memberName, ...(await pod.marks()) };
  const argv = ['sh', '-c', CANDIDATES];
  const listed = await host.exec(argv, { deadlineMs: SCRIPT_DEADLINE_MS });
  if (!listed.ok) return listed;
  const pids = [...listed.value.stdout.matchAll(/^\/proc\/(\d+)\//gm)].map(([, pid]) =>
    Number(pid),
  );
  const processes = await Promise.all(pids.map((pid) => host.process(pid)));
  const fitting = processes.flatMap((each) => {
    return each.ok && each.value !== undefined && fits(each.value, marks) ? [each.value] : [];
  });
  const unreadable = processes.find((each) => !each.ok);
  if (fitting.length === 0 && unreadable?.ok === false) return unreadable;
  return ok(fitting.sort((a, b) => b.startedAtMs - a.startedAtMs)[0]);
}

function fits({ argv }: HostProcess, marks: Readonly<Record<string, string>>): boolean {
  const [program = '', ...words] = argv;
  if (!/(^|\/)etcd$/.test(program)) return false;
  return Object.entries(marks).every(([flag, value]) => {
    return words.some((word, at) => {
      const [name, inline] = split(word);
      return name === flag && (inline ?? words[at + 1]) === value;
    });
  });
}

function split(word: string): readonly [string, string | undefined] {
  const [, name = '', value] = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(word) ?? [];
  return [name, value];
}

async function stop(host: Host, pod: StaticPod, options: ServiceOptions): Answer<undefined> {
  const endMs = performance.now() + options.deadlineMs;
  const moved = await move(host, pod, { script: OUT, would: `stop ${pod.memberName}` }, options);
  if (!moved.ok) return moved;
  return until(host, pod, endMs, {
    isThere: (process) => process === undefined,
    failure: `its manifest was taken out of the kubelet's folder, and its process is still there`,
    would: `stop ${pod.memberName}`,
  });
}

async function start(host: Host, pod: StaticPod, options: ServiceOptions): Answer<undefined> {
  const endMs = performance.now() + options.deadlineMs;
  const moved = await move(host, pod, { script: IN, would: `start ${pod.memberName}` }, options);
  if (!moved.ok) return moved;
  return until(host, pod, endMs, {
    isThere: (process) => process !== undefined,
    failure: `its manifest is in the kubelet's folder, and no process of it has come`,
    would: `start ${pod.memberName}`,
  });
}

interface Move {
  readonly script: string;
  readonly would: string;
}

async function move(
  host: Host,
  pod: StaticPod,
  { script, would }: Move,
  { marker, deadlineMs }: ServiceOptions,
): Answer<undefined> {
  const argv = ['sh', '-c', script, 'peershift', pod.manifest, pod.aside];
  const limitMs = Math.min(SCRIPT_DEADLINE_MS, deadlineMs);
  const run = await host.exec(argv, { deadlineMs: limitMs, marker });
  if (!run.ok) return run;
  if (run.value.exitCode === 0) return ok(undefined);
  const said = run.value.stderr.trim().slice(-TAIL_CHARACTERS);
  return err(failure(host, pod, { would, but: `its manifest could not be moved: ${said}` }));
}

interface Wish {
  readonly isThere: (process: HostProcess | undefined) => boolean;
  readonly failure: string;
  readonly would: string;
}

async function until(
  host: Host,
  pod: StaticPod,
  endMs: number,
  wish: Wish,
): Promise<Result<undefined, Failure>> {
  for (;;) {
    const found = await processOf(host, pod);
    if (found.ok && wish.isThere(found.value)) return ok(undefined);
    if (performance.now() >= endMs) {
      const but = found.ok ? wish.failure : found.error.but;
      return err(failure(host, pod, { would: wish.would, but }));
    }
    await sleep(LOOK_MS);
  }
}

function failure(
  host: Host,
  { memberName, manifest }: StaticPod,
  { would, but }: { readonly would: string; readonly but: string },
): Failure {
  return {
    code: 'HOST_COMMAND_FAILED',
    where: `member ${memberName} on ${host.label}`,
    would,
    but,
    so: 'whether the member runs has to be looked at again',
    remedy: `see whether the kubelet runs and reads the folder of ${manifest} (journalctl -u kubelet, crictl ps -a)`,
  };
}
