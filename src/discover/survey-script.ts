/** Turns a process ID into what stands around the process: unit, container, parent, scripts, settings files. */

import type { Host } from '../ports.ts';

export interface Surroundings {
  /** The folder that it runs in. */
  readonly folder: string | undefined;
  readonly parentPid: number | undefined;
  /** Command line of the parent process. */
  readonly parent: string;
  /** The systemd unit whose control group it is in, with the unit's main process. */
  readonly unit: string | undefined;
  readonly mainPid: number | undefined;
  readonly environmentFiles: readonly string[];
  readonly container:
    | {
        readonly id: string;
        readonly name: string | undefined;
        readonly binary: 'docker' | 'podman';
        readonly isPod: boolean;
      }
    | undefined;
  /** A static pod's manifest that is there. */
  readonly manifest: string | undefined;
  /** The folder with start.sh, stop.sh and status.sh. */
  readonly scripts: string | undefined;
  readonly initScript: string | undefined;
  /** Files with lines ETCD_NAME=value. */
  readonly envFiles: readonly string[];
  /** The regular file that its standard output goes to. */
  readonly logFile: string | undefined;
}

/** systemctl and docker may be slow on a loaded machine; more is no answer. */
const DEADLINE_MS = 30_000;

/** POSIX sh; its word is the process ID; what it prints is `word rest of the line`. */
const SCRIPT = `
pid=$1
folder=$(readlink "/proc/$pid/cwd")
printf 'folder %s\\n' "$folder"
parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
printf 'parent-pid %s\\n' "$parent"
printf 'parent %s\\n' "$(tr '\\0' ' ' <"/proc/$parent/cmdline" 2>/dev/null)"
printf 'log %s\\n' "$(readlink "/proc/$pid/fd/1")"
sed 's/^/cgroup /' "/proc/$pid/cgroup"
sed 's/^/own /' /proc/self/cgroup
unit=$(sed -n 's|.*/\\([^/]*\\.service\\)$|\\1|p' "/proc/$pid/cgroup" | head -n 1)
if [ -n "$unit" ] && command -v systemctl >/dev/null 2>&1; then
  printf 'unit %s\\n' "$unit"
  systemctl show --no-pager -p MainPID -p EnvironmentFiles "$unit" 2>/dev/null | sed 's/^/show /'
fi
id=$(sed -n 's|.*\\([0-9a-f]\\{64\\}\\).*|\\1|p' "/proc/$pid/cgroup" | head -n 1)
for binary in docker podman; do
  [ -n "$id" ] && command -v "$binary" >/dev/null 2>&1 || continue
  name=$("$binary" ps --no-trunc --filter "id=$id" --format '{{.Names}}' 2>/dev/null | head -n 1)
  [ -n "$name" ] && printf 'container %s %s\\n' "$binary" "$name"
done
[ -f /etc/kubernetes/manifests/etcd.yaml ] && printf 'manifest /etc/kubernetes/manifests/etcd.yaml\\n'
[ -f "$folder/start.sh" ] && [ -f "$folder/stop.sh" ] && [ -f "$folder/status.sh" ] && printf 'scripts %s\\n' "$folder"
[ -x /etc/init.d/etcd ] && printf 'init /etc/init.d/etcd\\n'
[ "$folder" = / ] && folder=/nonexistent
grep -lsE '^[[:space:]]*(export[[:space:]]+)?ETCD_[A-Z0-9_]+=' "$folder"/*.env "$folder"/*.conf "$folder"/*.cfg \\
  "$folder"/env "$folder"/etcd /etc/default/etcd* /etc/sysconfig/etcd* /etc/etcd/* /etc/etcd.* /etc/conf.d/etcd* \\
  2>/dev/null | sed 's/^/env /'
:
`;

/** Or the reason why nothing can be said. */
export async function surroundingsOf(host: Host, pid: number): Promise<Surroundings | string> {
  const argv = ['sh', '-c', SCRIPT, 'sh', String(pid)];
  const asked = await host.exec(argv, { deadlineMs: DEADLINE_MS });
  return asked.ok ? readSurroundings(asked.value.stdout) : asked.error.but;
}

/** What the script printed, as facts. */
export function readSurroundings(stdout: string): Surroundings {
  const lines = stdout.split('\n');
  const all = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const one = (word: string): string | undefined => {
    const text = all(word)[0] ?? '';
    return text === '' ? undefined : text;
  };
  const show = (name: string): readonly string[] =>
    all('show').flatMap((line) =>
      line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : [],
    );
  const log = one('log');
  return {
    folder: one('folder'),
    parentPid: numberOf(one('parent-pid')),
    parent: one('parent') ?? '',
    unit: one('unit'),
    mainPid: numberOf(show('MainPID')[0]),
    environmentFiles: show('EnvironmentFiles').flatMap(pathOfEnvironmentFile),
    container: containerOf(all('cgroup'), all('own'), all('container')),
    manifest: one('manifest'),
    scripts: one('scripts'),
    initScript: one('init'),
    envFiles: all('env'),
    logFile: log?.startsWith('/') === true && !log.startsWith('/dev/') ? log : undefined,
  };
}

/** `/etc/default/etcd (ignore_errors=yes)` */
function pathOfEnvironmentFile(text: string): readonly string[] {
  const path = text.replace(/ \(ignore_errors=(?:yes|no)\)$/, '');
  return path.startsWith('/') ? [path] : [];
}

function containerOf(
  cgroup: readonly string[],
  own: readonly string[],
  told: readonly string[],
): Surroundings['container'] {
  const id = idIn(cgroup);
  // A container that we are in ourselves is the machine, as far as we can see.
  if (id === undefined || id === idIn(own)) return undefined;
  const [binary, name] = told[0]?.split(' ') ?? [];
  return {
    id: id.slice(0, 12),
    name,
    binary:
      binary === 'podman' || cgroup.some((line) => line.includes('libpod')) ? 'podman' : 'docker',
    isPod: cgroup.some((line) => line.includes('kubepods')),
  };
}

function idIn(lines: readonly string[]): string | undefined {
  return lines.map((line) => /[0-9a-f]{64}/.exec(line)?.[0]).find((id) => id !== undefined);
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
