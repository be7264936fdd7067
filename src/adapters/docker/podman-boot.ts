/** Turns what starts podman's containers at boot into why a replaced one must not be left beside the new one. */

import type { Container } from './container.ts';
import type { Engine } from './engine.ts';

const LOOK_MS = 15_000;

/**
 * `podman-restart.service` starts all containers with the policy `always`, stopped by hand or not: after
 * a reboot the kept one would race with the new one.
 */
export async function restartTrouble(
  { host, binary }: Engine,
  { restartPolicy }: Container,
): Promise<readonly string[]> {
  if (binary !== 'podman' || restartPolicy !== 'always') return [];
  const argv = ['systemctl', 'is-enabled', 'podman-restart.service'];
  const asked = await host.exec(argv, { deadlineMs: LOOK_MS });
  const isEnabled = asked.ok && asked.value.stdout.trim() === 'enabled';
  if (!isEnabled || (await canChangePolicy(host))) return [];
  return [
    'it has --restart always, podman-restart.service is enabled, and this podman cannot change the policy of a container: a reboot would start the kept one beside the new one (make it anew with --restart on-failure first, or take podman 5.1 or later)',
  ];
}

/** `podman update --restart`, since 5.1. */
export async function canChangePolicy(host: Engine['host']): Promise<boolean> {
  const asked = await host.exec(['podman', 'update', '--help'], { deadlineMs: LOOK_MS });
  return asked.ok && /^\s+--restart\b/m.test(asked.value.stdout);
}
