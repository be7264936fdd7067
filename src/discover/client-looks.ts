/** Turns each member's client ports into who is connected to them now, for people to read. */

import type { ClientsSeen } from '../model/clients.ts';
import { type ObservedState, known, unknown, valueOf } from '../model/observed.ts';
import type { MemberName } from '../model/ids.ts';
import { listenersOf } from '../model/client-settings.ts';
import type { World } from '../model/world.ts';
import type { MemberDoors } from '../ports.ts';

/** A preview is waited for by a person: half of what a gate takes. */
const LOOK_MS = 1500;

/** All members at once; it only reads. */
export async function lookAtClients(
  doors: ReadonlyMap<MemberName, Pick<MemberDoors, 'clients'>>,
  { members }: ObservedState,
  world: World,
): Promise<readonly ClientsSeen[]> {
  const looks = world.members.map(async ({ name, process }): Promise<ClientsSeen> => {
    const sight = doors.get(name)?.clients;
    if (process?.client === undefined) return { member: name, look: unknown('it is down') };
    if (sight === undefined) return { member: name, look: unknown('its host shows none') };
    const observed = members.find((each) => each.name === name)?.process;
    const running = observed === undefined ? undefined : valueOf(observed);
    const pid = running === undefined || running === 'stopped' ? undefined : running.pid;
    const seen = await sight.look({ pid, ports: listenersOf(process.client), lookMs: LOOK_MS });
    return { member: name, look: seen.ok ? known(seen.value) : unknown(seen.error.but) };
  });
  return Promise.all(looks);
}
