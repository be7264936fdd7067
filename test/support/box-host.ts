/** Turns a machine in a box into as much of a Host as its service manager needs, without ssh. */

import { err, ok } from '../../src/base/result.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { Host, HostProcess } from '../../src/ports.ts';
import type { Boxes } from './boxes.ts';

const TICK_MS = 10;
/** Prints the start time, then the words and the variables, each on a line, a blank line between. */
const LOOK = [
  'cd "/proc/$1" 2>/dev/null || exit 3',
  'sed "s/.*) //" stat | cut -d" " -f20',
  'tr "\\0" "\\n" <cmdline',
  'echo',
  'tr "\\0" "\\n" <environ',
].join(' && ');

/** `as` puts words in front of each command, as somebody else or with less. */
export function boxHost(
  lab: Boxes,
  name: string,
  as: readonly string[] = [],
): Pick<Host, 'label' | 'exec' | 'process'> {
  return {
    label: name,
    exec: async (argv, { deadlineMs }) => {
      const { exit, stdout, stderr } = await lab.endIn(name, [...as, ...argv], { deadlineMs });
      if (exit === undefined) return err(late(name, argv));
      return ok({ exitCode: exit, signal: undefined, stdout, stderr });
    },
    process: async (pid) => {
      const { exit, stdout } = await lab.endIn(name, ['sh', '-c', LOOK, 'sh', String(pid)]);
      return ok(exit === 0 ? processOf(pid, stdout) : undefined);
    },
  };
}

/** The doors want a whole Host; these two calls are all that they make. */
export function asHost(part: Pick<Host, 'label' | 'exec' | 'process'>): Host {
  return part as Host;
}

function processOf(pid: number, text: string): HostProcess {
  const [head = '', tail = ''] = text.split('\n\n');
  const [ticks, ...argv] = head.split('\n');
  const environment = Object.fromEntries(
    tail.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  return { pid, argv, environment, startedAtMs: Number(ticks) * TICK_MS, uid: 0, gid: 0 };
}

function late(name: string, argv: readonly string[]): Failure {
  return {
    code: 'HOST_UNREACHABLE',
    where: `host ${name}`,
    would: argv.join(' '),
    but: 'it did not end in time',
    so: 'nothing is known',
    remedy: 'look at the box',
  };
}
