/**
 * The sh scripts of a dead-man switch: POSIX sh and coreutils alone. Each state is a file of its own name in one
 * folder, and each passage from one to the next is one rename, which only one of two can win:
 *
 *   armed --firing's own rename--> firing --> fired        armed --ours--> disarmed
 */

import { words } from '../../base/shell-words.ts';

const MOST_PATH = 'PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"; export PATH';

export interface FireScript {
  readonly folder: string;
  readonly id: string;
  readonly path: string;
  readonly keptPath: string;
  /** SHA-256, or `absent`. */
  readonly mayStand: readonly string[];
  /** What stops and starts the member with its new settings. */
  readonly commands: readonly FireCommand[];
}

export interface FireCommand {
  readonly argv: readonly string[];
  readonly limitSeconds: number;
  /** Its failure says nothing about the member. */
  readonly mayFail: boolean;
}

/**
 * Stands on the host as a file. `now`, or `wait SECONDS`: seconds are slept one by one and counted, so a clock
 * that is set moves nothing, and a switch that is disarmed is gone within a second.
 */
export function fireScript(script: FireScript): string {
  const { folder, id, path, keptPath, mayStand, commands } = script;
  const given = (name: string, value: string): string => `${name}=${words([value])}`;
  return `#!/bin/sh
# Written by peershift: the dead-man switch of this member. Unless peershift disarms it in time, it puts the
# member's settings of before back and restarts it. To call it off by hand, remove this folder.
${given('d', folder)}
${given('id', id)}
${given('path', path)}
${given('kept', keptPath)}
${given('may', mayStand.join(' '))}
${MOST_PATH}
cd / || exit 1
trap '' HUP INT
echo "$$" >"$d/pid.$id"
if [ "$1" = wait ]; then
  left=$2
  while [ "$left" -gt 0 ]; do
    sleep 1
    [ -e "$d/armed.$id" ] || exit 0
    left=$((left - 1))
  done
fi
mv -- "$d/armed.$id" "$d/firing.$id" 2>/dev/null || exit 0
end() {
  printf '%s\\n' "$1" >"$d/result.$id"
  mv -- "$d/firing.$id" "$d/fired.$id"
  exit 0
}
t=$(realpath -m -- "$path") || end 'failed: realpath'
if [ -e "$t" ]; then sum=$(sha256sum <"$t"); sum=\${sum%% *}; else sum=absent; fi
case " $may " in *" $sum "*) ;; *) end changed ;; esac
if [ ! -e "$kept" ]; then
  if [ -e "$t" ]; then cp --preserve=mode,ownership -- "$t" "$kept"; else : >"$kept"; fi
fi || end 'failed: keeping the original'
new=$t.peershift-deadman-new
cp --preserve=mode,ownership -- "$d/revert.$id" "$new" && sync -- "$new" && mv -T -f -- "$new" "$t" ||
  end 'failed: writing the settings'
result=done
run() {
  may=$1 limit=$2; shift 2
  timeout -k 2 "$limit" env -i PATH="$PATH" HOME="\${HOME:-/}" LANG="\${LANG:-C.UTF-8}" "$@" \\
    </dev/null >/dev/null 2>&1 || [ "$may" = may ] || result="failed: $1"
}
${commands.map(commandLine).join('\n')}
end "$result"
`;
}

function commandLine({ argv, limitSeconds, mayFail }: FireCommand): string {
  return `run ${mayFail ? 'may' : 'must'} ${String(limitSeconds)} ${words(argv)}`;
}

/** Is the process that wrote its number still this script? Sets $alive. */
const ALIVE = [
  'alive=no',
  'if read -r pid <"$d/pid.$id" 2>/dev/null; then',
  '  case $(tr "\\0" " " <"/proc/$pid/cmdline" 2>/dev/null) in *"$d/fire.$id"*) alive=yes ;; esac',
  'fi 2>/dev/null',
].join('\n');

/** Arguments: folder, id, `systemd` or `sh`. One line: state, ticking, armed at, SHA-256 of what it would write, result. */
export const LOOK = [
  'd=$1 id=$2 timer=$3',
  MOST_PATH,
  'state=none',
  'for each in armed firing fired disarmed; do',
  '  if [ -e "$d/$each.$id" ]; then state=$each; break; fi',
  'done',
  ALIVE,
  'if [ "$state $timer" = "armed systemd" ]; then',
  '  alive=no; if systemctl is-active --quiet "peershift-deadman-$id.timer"; then alive=yes; fi',
  'fi',
  'at=0; [ "$state" = none ] || read -r at <"$d/$state.$id"',
  'sum=$(sha256sum <"$d/revert.$id" 2>/dev/null); sum=${sum%% *}',
  'result=; [ "$state" != fired ] || read -r result <"$d/result.$id"',
  'printf "%s %s %s %s %s\\n" "$state" "$alive" "${at:-0}" "${sum:--}" "$result"',
].join('\n');

/**
 * Arguments: folder, id, seconds, `systemd` or `sh`. Returns when the timer is seen alive, or says why it is not;
 * then nothing is armed.
 */
export const ARM = [
  'd=$1 id=$2 seconds=$3 timer=$4',
  MOST_PATH,
  'umask 022',
  'date +%s >"$d/new.$id" && mv -- "$d/new.$id" "$d/armed.$id" || exit 1',
  'if [ "$timer" = systemd ]; then',
  '  if ! systemd-run --quiet --collect --unit="peershift-deadman-$id" --on-active="${seconds}s" \\',
  '    --timer-property=AccuracySec=1s /bin/sh "$d/fire.$id" now; then rm -f -- "$d/armed.$id"; exit 1; fi',
  '  exit 0',
  'fi',
  'detach=nohup; if command -v setsid >/dev/null 2>&1; then detach=setsid; fi',
  '"$detach" sh "$d/fire.$id" wait "$seconds" </dev/null >/dev/null 2>&1 &',
  'for look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do',
  ALIVE,
  '  if [ "$alive" = yes ]; then exit 0; fi',
  '  sleep 0.1',
  'done',
  'rm -f -- "$d/armed.$id"; echo "its timer did not start" >&2; exit 1',
].join('\n');

/** Arguments: folder, id, `systemd` or `sh`. Whoever renames first has won; what it became is looked at afterwards. */
export const DISARM = [
  'd=$1 id=$2 timer=$3',
  MOST_PATH,
  'mv -- "$d/armed.$id" "$d/disarmed.$id" 2>/dev/null',
  '[ -e "$d/disarmed.$id" ] || exit 0',
  'sync -- "$d"',
  'if [ "$timer" = systemd ]; then',
  '  systemctl --no-ask-password stop "peershift-deadman-$id.timer" 2>/dev/null',
  '  exit 0',
  'fi',
  'for look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do',
  ALIVE,
  '  if [ "$alive" = no ]; then exit 0; fi',
  '  sleep 0.1',
  'done',
  'exit 0',
].join('\n');

/** Argument: folder. */
export const CLEAR = 'rm -rf -- "$1"';
