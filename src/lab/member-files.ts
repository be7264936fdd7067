/** Turns one lab member into the files of its folder: an env-file, and start, stop and status scripts. */

import type { Lab, LabMember } from './lab-folder.ts';
import { CLIENT_PORT, PEER_PORT } from './lab-folder.ts';
import { envFileValue, shellWord } from './quoting.ts';

export interface MemberFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

/** Every file of one member's folder. */
export function memberFiles(lab: Lab, member: LabMember): readonly MemberFile[] {
  const etcd = lab.mark.etcd.path;
  return [
    { name: 'etcd.env', text: envFile(lab, member), mode: 0o644 },
    { name: 'start.sh', text: startScript(member.name, etcd), mode: 0o755 },
    { name: 'stop.sh', text: stopScript(member.name, etcd), mode: 0o755 },
    { name: 'status.sh', text: statusScript(member.name, etcd), mode: 0o755 },
  ];
}

function peerUrlOf(member: { readonly address: string }): string {
  return `http://${member.address}:${String(PEER_PORT)}`;
}

function envFile(lab: Lab, member: LabMember): string {
  const cluster = lab.members.map((each) => `${each.name}=${peerUrlOf(each)}`).join(',');
  const token = lab.mark.block.replace('.0/24', '').replaceAll('.', '-');
  const line = (name: string, value: string): string => `ETCD_${name}=${envFileValue(value)}`;
  return `# etcd settings of lab member ${member.name}. start.sh hands them to etcd as its environment;
# each name is etcd's own flag in capitals: ETCD_DATA_DIR is --data-dir.

${line('NAME', member.name)}
${line('DATA_DIR', `${member.folder}/data`)}

# Traffic between the members. This is what peershift moves from http to https.
${line('LISTEN_PEER_URLS', peerUrlOf(member))}
${line('INITIAL_ADVERTISE_PEER_URLS', peerUrlOf(member))}

# Traffic from clients. A plan with "scope: peer" leaves it as it is.
${line('LISTEN_CLIENT_URLS', `http://${member.address}:${String(CLIENT_PORT)}`)}
${line('ADVERTISE_CLIENT_URLS', `http://${member.address}:${String(CLIENT_PORT)}`)}

# How the cluster was formed at the very first start; etcd ignores these once it has data.
${line('INITIAL_CLUSTER', cluster)}
${line('INITIAL_CLUSTER_STATE', 'new')}
${line('INITIAL_CLUSTER_TOKEN', `peershift-lab-${token}`)}
`;
}

/**
 * The top of all three scripts. A pid alone is no name for a process: pids are used again. So etcd.pid
 * holds the start time as well (field 22 of /proc/PID/stat), and the program must still be this etcd.
 */
function scriptHead(says: string, etcd: string): string {
  return `#!/bin/sh
# ${says}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
etcd=${shellWord(etcd)}

# Is the process that etcd.pid names alive: same start time, not a zombie? Sets $pid.
alive() {
  pid='' started=''
  [ -r "$here/etcd.pid" ] && read -r pid started <"$here/etcd.pid"
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
  set -- \${stat##*) }
  [ "$1" != Z ] && [ "$1" != X ] && [ "\${20}" = "$started" ]
}

# ... and is it still this etcd?
running() {
  alive && [ "$(tr '\\0' '\\n' 2>/dev/null <"/proc/$pid/cmdline" | head -n 1)" = "$etcd" ]
}
`;
}

function startScript(name: string, etcd: string): string {
  return `${scriptHead(`Starts ${name}: harmless when it runs already, returns before it serves.`, etcd)}
if running; then
  echo "${name} runs already with pid $pid"
  exit 0
fi

size=$(cat "$here/etcd.log" 2>/dev/null | wc -c)
rm -f "$here/etcd.pid"
detach=nohup
command -v setsid >/dev/null 2>&1 && detach=setsid

# etcd takes every ETCD_ name in its environment for a setting, so it gets a clean one.
# The shell writes its own pid and then becomes etcd.
# (Before 3.5 etcd runs on arm64 only when told that this is meant.)
unsupported=''
[ "$(uname -m)" = aarch64 ] && unsupported=ETCD_UNSUPPORTED_ARCH=arm64
env -i PATH="$PATH" HOME="\${HOME:-/}" $unsupported \\
  "$detach" sh -c '
    here=$1 etcd=$2
    cd -- "$here" || exit 2
    stat=$(cat "/proc/$$/stat") && set -- \${stat##*) } || exit 2
    echo "$$ \${20}" >"$here/etcd.pid.new" && mv "$here/etcd.pid.new" "$here/etcd.pid" || exit 2
    set -a
    . "$here/etcd.env" || exit 2
    set +a
    exec "$etcd"
  ' sh "$here" "$etcd" </dev/null >>"$here/etcd.log" 2>&1 &

# A setting that etcd refuses ends it within the first moments: seen here, not minutes later.
tries=0 seen=0
while [ "$tries" -lt 100 ] && [ "$seen" -lt 5 ]; do
  sleep 0.1
  tries=$((tries + 1))
  if running; then seen=$((seen + 1)); elif [ -e "$here/etcd.pid" ] && ! alive; then break; fi
done
if running; then
  echo "${name} started with pid $pid"
  exit 0
fi
echo "${name} did not stay up; the end of $here/etcd.log:" >&2
tail -c "+$((size + 1))" "$here/etcd.log" | tail -n 20 >&2
exit 1
`;
}

function stopScript(name: string, etcd: string): string {
  return `${scriptHead(`Stops ${name} and returns when it is gone; harmless when it is not running.`, etcd)}
if ! running; then
  rm -f "$here/etcd.pid"
  echo "${name} is not running"
  exit 0
fi

# etcd needs a moment to hand over its leadership and to close its files.
kill -TERM "$pid"
tries=0
while running && [ "$tries" -lt 150 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
if running; then
  echo "${name} did not end within 15 s of SIGTERM: killing pid $pid" >&2
  kill -KILL "$pid"
  tries=0
  while running && [ "$tries" -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
fi
if running; then
  echo "${name} does not end: pid $pid" >&2
  exit 1
fi
rm -f "$here/etcd.pid"
echo "${name} stopped"
`;
}

function statusScript(name: string, etcd: string): string {
  return `${scriptHead(`Prints the pid of ${name} and exits 0 when it runs, 1 when it is stopped.`, etcd)}
if running; then
  echo "$pid"
  exit 0
fi
echo "${name} is not running"
exit 1
`;
}
