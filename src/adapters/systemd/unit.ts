/** Turns what `systemctl show` and /proc say of a unit into its state, its etcd process and why it may be unfit. */

import { type Fact, known, unknown } from '../../model/observed.ts';
import type { Host, HostProcess } from '../../ports.ts';

export interface Unit {
  /** Its own name, where an alias was asked for. */
  readonly id: string;
  readonly loadState: string;
  readonly unitFileState: string;
  readonly activeState: string;
  readonly subState: string;
  /** 0 when there is none. */
  readonly mainPid: number;
  readonly result: string;
  readonly restarts: number;
  readonly hasJob: boolean;
  readonly controlGroup: string;
  readonly standardError: string;
  readonly logNamespace: string;
  /** As systemd writes them: `1min 30s`, `infinity`. */
  readonly timeoutStart: string;
  readonly timeoutStop: string;
}

const PROPERTIES = [
  ...['Id', 'LoadState', 'UnitFileState', 'ActiveState', 'SubState', 'MainPID', 'Result'],
  ...['NRestarts', 'Job', 'ControlGroup', 'StandardOutput', 'StandardError'],
  ...['LogNamespace', 'TimeoutStartUSec', 'TimeoutStopUSec'],
];
/** systemd answers at once; a host that swaps takes seconds. */
const SHOW_DEADLINE_MS = 15_000;
/** `$1` is a pattern of the control group's lines in /proc/PID/cgroup. */
const MEMBERS_OF_GROUP = 'grep -lE "$1" /proc/[0-9]*/cgroup 2>/dev/null';

/** `etcd` is `etcd.service`, as for systemctl. */
export function unitFullName(unit: string): string {
  return /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`;
}

/** Unknown when systemd could not be asked; an unfit unit is a known one. */
export async function readUnit(host: Host, name: string): Promise<Fact<Unit>> {
  const argv = ['systemctl', 'show', '--no-pager', `--property=${PROPERTIES.join(',')}`];
  const asked = await host.exec([...argv, '--', name], { deadlineMs: SHOW_DEADLINE_MS });
  if (!asked.ok) return unknown(`systemctl show ${name} on ${host.label}: ${asked.error.but}`);
  const { exitCode, stdout, stderr } = asked.value;
  if (exitCode === 0) return known(parseUnit(stdout));
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
  return unknown(`systemctl show ${name} on ${host.label} failed: ${said}`);
}

/** The `Name=value` lines of `systemctl show`. */
export function parseUnit(text: string): Unit {
  const values = new Map(
    text.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, Math.max(0, at)), line.slice(at + 1)];
    }),
  );
  const value = (name: string): string => values.get(name) ?? '';
  const output = value('StandardOutput');
  const error = value('StandardError');
  return {
    id: value('Id'),
    loadState: value('LoadState'),
    unitFileState: value('UnitFileState'),
    activeState: value('ActiveState'),
    subState: value('SubState'),
    mainPid: Number(value('MainPID')),
    result: value('Result'),
    restarts: Number(value('NRestarts')),
    hasJob: value('Job') !== '' && value('Job') !== '0',
    controlGroup: value('ControlGroup'),
    standardError: error === 'inherit' ? output : error,
    logNamespace: value('LogNamespace'),
    timeoutStart: value('TimeoutStartUSec'),
    timeoutStop: value('TimeoutStopUSec'),
  };
}

/** Why this unit must not be restarted, with what to do about it; undefined when it is fit. */
export function unfitness(unit: Unit, name: string): { but: string; remedy: string } | undefined {
  if (unit.loadState === 'not-found') {
    return {
      but: `systemd knows no unit ${name}`,
      remedy: 'name the unit that runs etcd in service.unit (systemctl list-units shows them)',
    };
  }
  if (unit.loadState === 'masked') {
    return {
      but: `the unit ${name} is masked: systemd would stop it and refuse to start it again`,
      remedy: `systemctl unmask ${name} on the host, or name the unit that really runs etcd`,
    };
  }
  if (unit.loadState !== 'loaded') {
    return {
      but: `the unit ${name} cannot be loaded (${unit.loadState})`,
      remedy: `mend its unit files; systemd-analyze verify ${name} says what is wrong`,
    };
  }
  if (unit.unitFileState === 'disabled') {
    return {
      but: `the unit ${name} is disabled: after a reboot its member would stay down`,
      remedy: `systemctl enable ${name} on the host, then try again`,
    };
  }
  return undefined;
}

/** `active (running)`, and what ended it where something did. */
export function stateText({ activeState, subState, result, restarts }: Unit): string {
  const why = result === '' || result === 'success' ? '' : `, result ${result}`;
  const again = restarts > 0 ? `, restarted by systemd ${String(restarts)} times` : '';
  return `${activeState} (${subState})${why}${again}`;
}

/**
 * The process that is etcd: the main one, or one that a wrapper started, found in the unit's control
 * group. Undefined when there is none, or when several could be it.
 */
export async function etcdProcess(host: Host, unit: Unit): Promise<HostProcess | undefined> {
  const main = unit.mainPid > 0 ? await host.process(unit.mainPid) : undefined;
  if (main?.ok === true && main.value !== undefined && isEtcd(main.value)) return main.value;
  const processes = await Promise.all((await pidsOf(host, unit)).map((pid) => host.process(pid)));
  const found = processes.flatMap((each) =>
    each.ok && each.value !== undefined ? [each.value] : [],
  );
  const etcds = found.filter(isEtcd);
  return etcds.length === 1 ? etcds[0] : undefined;
}

async function pidsOf(host: Host, { controlGroup }: Unit): Promise<readonly number[]> {
  if (controlGroup === '' || controlGroup === '/') return [];
  const path = controlGroup.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const asked = await host.exec(['sh', '-c', MEMBERS_OF_GROUP, 'sh', `:${path}(/|$)`], {
    deadlineMs: SHOW_DEADLINE_MS,
  });
  if (!asked.ok) return [];
  return [...asked.value.stdout.matchAll(/^\/proc\/(\d+)\//gm)].map(([, pid]) => Number(pid));
}

/** By the program's own name: `etcd`, `etcd-3.5`; not a shell script of that name, nor etcdctl. */
function isEtcd({ argv }: HostProcess): boolean {
  const [program = ''] = argv;
  const name = program.slice(program.lastIndexOf('/') + 1);
  return /^etcd(?:$|[-_.\d])/.test(name);
}
