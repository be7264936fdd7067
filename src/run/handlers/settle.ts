/** Turns a step whose connection to the host broke into one that is done or not done: by looking there again. */

import type { MemberName } from '../../model/ids.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, doorsOf, failedBy } from './context.ts';

/** An sshd that is restarted, or a line that flaps, is back within seconds. */
const LOOK_AGAIN_MS = 500;

/**
 * `act` looks before it acts: what is done already stays as it is. It is only begun again when the host answers
 * and nothing that the broken connection left behind still runs there. A host that does not come back within
 * `gates.timeout` is nobody's fault here: nothing more is touched, since nobody can see it.
 */
export async function settle(
  hands: Hands,
  member: MemberName,
  act: () => Promise<Answer>,
): Promise<Answer> {
  const first = await act();
  const { failure } = first;
  if (failure?.code !== 'HOST_LOST') return first;
  const { doors } = hands;
  const { host } = doorsOf(hands, member);
  const giveUpAtMs = doors.clock.nowMs() + doors.desired.gates.timeoutMs;
  for (;;) {
    const left = await host.commandsMarked(doors.marker);
    if (left.ok && left.value.length === 0) return act();
    if (doors.clock.nowMs() > giveUpAtMs) return failedBy(failure, 'foreign');
    await doors.clock.sleep(LOOK_AGAIN_MS);
  }
}
