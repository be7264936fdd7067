/** Turns one look at a member's host into facts about its user, clock, room, ports and other writers. */

import type { DesiredMember } from '../model/desired.ts';
import {
  AGENT_PATTERN,
  type ClockSeen,
  type HostProbe,
  type HostSeen,
  type PlaceSeen,
  type PlacePurpose,
  agentOf,
  listeningOf,
  managedLineOf,
  withoutLogin,
} from '../model/host-probe.ts';
import { type Fact, known, unknown, valueOf } from '../model/observed.ts';
import { FLAG } from '../model/settings.ts';
import type { Clock, Host, HostProcess, MemberDoors } from '../ports.ts';
import { runningSettings } from './config-facts.ts';

/** A few reads of /proc and some df calls; a hanging network mount is what takes longer. */
const PROBE_DEADLINE_MS = 20_000;
const DATE_DEADLINE_MS = 10_000;

/** POSIX sh. Its words are paths; what it prints is `word rest of the line`. */
const SCRIPT = `
printf 'uid %s\\n' "$(id -u)"
for name in openssl timeout; do
  command -v "$name" >/dev/null 2>&1 && printf 'tool %s\\n' "$name"
done
for path; do
  there=$path
  while [ ! -e "$there" ] && [ "$there" != / ] && [ "$there" != . ]; do there=$(dirname -- "$there"); done
  place=$there
  [ -d "$place" ] || place=$(dirname -- "$place")
  if [ -w "$place" ]; then may=yes; else may=no; fi
  printf 'place %s %s\\n' "$may" "$(df -Pk -- "$place" 2>/dev/null | tail -n 1)"
done
pattern='(${AGENT_PATTERN})'
grep -lsE "$pattern" /proc/[0-9]*/cmdline 2>/dev/null | while read -r file; do
  pid=\${file#/proc/}
  words=$(tr '\\0' '\\t' <"$file" 2>/dev/null) && printf 'process %s\\t%s\\n' "\${pid%/cmdline}" "$words"
done
for file in $(grep -lsE "$pattern" /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/* 2>/dev/null); do
  printf 'cron %s\\n' "$file"
done
sed 's/^/socket /' /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep ' 0A '
:
`;

/** Asks for nothing twice and changes nothing. */
export async function probeHost(
  member: DesiredMember,
  { host, service, config }: MemberDoors,
  clock: Clock,
): Promise<HostProbe> {
  const [process, file] = await Promise.all([processOf({ host, service }), config.read()]);
  const settings = process.known
    ? valueOf(runningSettings(process.value.argv, process.value.environment))
    : undefined;
  const dataDir = settings?.[FLAG.dataDir] ?? '';
  const places: readonly (readonly [PlacePurpose, string])[] = [
    ['certificates', member.tls.directory],
    ...(member.service.manager === 'docker' ? [] : [['config', member.config.path] as const]),
    ...(dataDir.startsWith('/') ? [['data', dataDir] as const] : []),
  ];
  // The clock first and alone: how long the answer takes bounds what it tells.
  const clockSeen = await readClock(host, clock);
  return {
    member: member.name,
    seen: await lookAround(host, places),
    clock: clockSeen,
    proxy: process.known ? known(proxyOf(process.value)) : process,
    managedLine: file.ok ? (file.value.managedBy ?? managedLineOf(file.value.text)) : undefined,
  };
}

/** The room and the rights for the state folder on this machine. */
export async function probePlace(
  host: Host,
  purpose: PlacePurpose,
  path: string,
): Promise<PlaceSeen | undefined> {
  return valueOf(await lookAround(host, [[purpose, path]]))?.places[0];
}

async function processOf({
  host,
  service,
}: Pick<MemberDoors, 'host' | 'service'>): Promise<Fact<HostProcess>> {
  const state = await service.state();
  if (!state.known) return state;
  const { pid } = state.value;
  if (pid === undefined) return unknown('its process is not known');
  const process = await host.process(pid);
  if (!process.ok) return unknown(process.error.but);
  return process.value === undefined ? unknown('its process has ended') : known(process.value);
}

async function readClock(host: Host, clock: Clock): Promise<Fact<ClockSeen>> {
  const beforeMs = clock.nowMs();
  const asked = await host.exec(['date', '+%s'], { deadlineMs: DATE_DEADLINE_MS });
  const afterMs = clock.nowMs();
  if (!asked.ok) return unknown(asked.error.but);
  const seconds = Number(asked.value.stdout.trim());
  if (!Number.isFinite(seconds) || asked.value.exitCode !== 0) {
    return unknown(`date said ${JSON.stringify(asked.value.stdout.trim().slice(0, 40))}`);
  }
  // date rounds down to the second: the middle of that second is half a second off at most.
  const offsetMs = Math.round(seconds * 1000 + 500 - (beforeMs + afterMs) / 2);
  return known({ offsetMs, boundMs: Math.ceil((afterMs - beforeMs) / 2) + 500 });
}

async function lookAround(
  host: Host,
  places: readonly (readonly [PlacePurpose, string])[],
): Promise<Fact<HostSeen>> {
  const argv = ['sh', '-c', SCRIPT, 'sh', ...places.map(([, path]) => path)];
  const asked = await host.exec(argv, { deadlineMs: PROBE_DEADLINE_MS });
  if (!asked.ok) return unknown(asked.error.but);
  return known(seenOf(asked.value.stdout, places));
}

/** What the script printed, as facts; a line that it does not know is left out. */
function seenOf(stdout: string, places: readonly (readonly [PlacePurpose, string])[]): HostSeen {
  const lines = stdout.split('\n');
  const of = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const rows = of('place');
  return {
    uid: Number(of('uid')[0] ?? Number.NaN),
    hasOpenssl: of('tool').includes('openssl'),
    hasTimeout: of('tool').includes('timeout'),
    places: places.map(([purpose, path], at) => placeOf(purpose, path, rows[at] ?? '')),
    managers: [...new Set([...of('process').flatMap(agentText), ...of('cron').map(cronText)])],
    listening: listeningOf(of('socket')),
  };
}

function placeOf(purpose: PlacePurpose, path: string, row: string): PlaceSeen {
  // df -P: file system, blocks of 1 KiB, used, available, capacity, mount point.
  const free = /\s\d+\s+\d+\s+(\d+)\s+\d+%\s/.exec(row)?.[1];
  const freeBytes = free === undefined ? undefined : Number(free) * 1024;
  return { purpose, path, isWritable: row.startsWith('yes'), freeBytes };
}

function agentText(line: string): readonly string[] {
  const [pid = '', ...words] = line.split('\t');
  const name = agentOf(words);
  return name === undefined ? [] : [`${name} (process ${pid})`];
}

function cronText(file: string): string {
  return `a scheduled job in ${file}`;
}

const PROXY_NAMES = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'];

function proxyOf({ environment }: HostProcess): Readonly<Record<string, string>> {
  return Object.fromEntries(
    PROXY_NAMES.flatMap((name) => {
      const value = environment[name] ?? '';
      return value === '' ? [] : [[name, withoutLogin(value)]];
    }),
  );
}
