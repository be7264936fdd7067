/** Picks how a member's host restarts it by itself: the commands of its service manager, and a timer that fits. */

import { hostDeadMan } from './adapters/deadman/dead-man.ts';
import { unreachable } from './base/assert.ts';
import type { DesiredMember } from './model/desired.ts';
import type { DeadMan, Host } from './ports.ts';

type Place = Parameters<typeof hostDeadMan>[1];

/** A stop may take the leader's own hand-over (7 s) and a last fsync. */
const STOP_SECONDS = 60;
/** systemd puts a job into its queue; nothing is waited for. */
const VERB_SECONDS = 60;

/**
 * A transient timer only where systemd manages the member: what a service of it starts by hand ends with that
 * service.
 */
export function deadManFor(
  member: DesiredMember,
  host: Host,
  startMs: number,
): DeadMan | undefined {
  // Refused by name when it is asked for; there is none to be looked at either.
  if (member.service.manager === 'static-pod') return undefined;
  const folder = `${member.config.path}.peershift-deadman`;
  return hostDeadMan(host, { memberName: member.name, folder, ...restartOf(member, startMs) });
}

function restartOf(
  { service, name }: DesiredMember,
  startMs: number,
): Pick<Place, 'commands' | 'timer'> {
  switch (service.manager) {
    case 'systemd': {
      const systemctl = (mayFail: boolean, ...verb: string[]): Place['commands'][number] => ({
        argv: ['systemctl', '--no-ask-password', ...verb],
        limitSeconds: VERB_SECONDS,
        mayFail,
      });
      return {
        timer: 'systemd',
        commands: [
          systemctl(false, 'daemon-reload'),
          systemctl(true, 'reset-failed', '--', service.unit),
          systemctl(false, 'restart', '--no-block', '--', service.unit),
        ],
      };
    }
    case 'command': {
      const limitSeconds = Math.ceil(startMs / 1000);
      return {
        timer: 'sh',
        commands: [
          { argv: service.stop, limitSeconds: STOP_SECONDS, mayFail: false },
          { argv: service.start, limitSeconds, mayFail: false },
        ],
      };
    }
    case 'docker':
    case 'static-pod':
      throw new Error(`${service.manager} of ${name} cannot be restarted by a timer on its host`);
    default:
      return unreachable(service);
  }
}
