/** Turns the texts of /proc into what a process is: its words, its environment, its start, its owner. */

/** USER_HZ: what the kernel counts process start times in; 100 on every Linux that runs etcd. */
const TICKS_PER_SECOND = 100;

/** The files of one process, and of the machine, as the kernel writes them. */
export interface ProcessTexts {
  readonly stat: string;
  readonly status: string;
  readonly commandLine: Uint8Array;
  readonly environment: Uint8Array;
  /** `/proc/stat`. */
  readonly system: string;
}

/** Undefined for a zombie, which counts as no process. */
export function processOf({ stat, status, commandLine, environment, system }: ProcessTexts):
  | {
      readonly argv: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly startedAtMs: number;
      readonly uid: number;
      readonly gid: number;
    }
  | undefined {
  if (isZombie(stat)) return undefined;
  const bootSeconds = Number(/^btime (\d+)$/m.exec(system)?.[1] ?? 0);
  const startTicks = Number(statFields(stat)[19]);
  return {
    argv: zeroSeparated(commandLine),
    environment: environmentOf(environment),
    startedAtMs: bootSeconds * 1000 + (startTicks * 1000) / TICKS_PER_SECOND,
    uid: effectiveId(status, 'Uid'),
    gid: effectiveId(status, 'Gid'),
  };
}

export function isZombie(stat: string): boolean {
  return ['Z', 'X', 'x'].includes(statFields(stat)[0] ?? '');
}

export function zeroSeparated(bytes: Uint8Array): readonly string[] {
  const parts = new TextDecoder().decode(bytes).split('\0');
  if (parts.at(-1) === '') parts.pop();
  return parts;
}

/** The second field, the name, may hold spaces and brackets: the rest begins behind the last one. */
function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Where a name stands twice, the first one counts, as in Go's runtime. */
function environmentOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const text of zeroSeparated(bytes)) {
    const at = text.indexOf('=');
    if (at > 0) environment[text.slice(0, at)] ??= text.slice(at + 1);
  }
  return environment;
}

/** Columns of /proc/<pid>/status: real, effective, saved, file system. */
function effectiveId(status: string, name: 'Uid' | 'Gid'): number {
  return Number(new RegExp(`^${name}:\\s+\\d+\\s+(\\d+)`, 'm').exec(status)?.[1]);
}
