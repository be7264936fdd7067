/** Turns a start that serves both schemes, and plain gRPC to nobody, into one that serves it. */

import { servesHttp, servesHttps } from '../../model/client-settings.ts';
import type { MemberName } from '../../model/ids.ts';
import { type PeerUrl, isHttps } from '../../model/url.ts';
import { type World, memberOf } from '../../model/world.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, failedBy, trouble } from './context.ts';

/**
 * etcd before 3.4.25 and 3.5.8 gives the plain gRPC listener to its TLS server when the machine is busy at
 * the wrong moment of a start (etcd-io/etcd pull request 15509); on a busy one every second start did.
 */
const STARTS_MAX = 20;
/** One dial that was dropped is no proof. */
const ASKS = 3;
const ASK_PAUSE_MS = 200;

/** Starts the member `again` while its clients of plain gRPC would be turned away; they go to others meanwhile. */
export async function untilPlainClientsAreServed(
  hands: Hands,
  member: MemberName,
  begun: Answer,
  again: () => Promise<Answer>,
): Promise<Answer> {
  const { doors, after } = hands;
  const url = plainUrlBesideTls(after, member);
  if (url === undefined) return begun;
  let answer = begun;
  for (let starts = 1; answer.kind === 'good'; starts += 1) {
    if (await answersInTheClear(hands, url)) return answer;
    if (starts === STARTS_MAX) return turnsAway(hands, member, url);
    const text = `${member} answers plain gRPC with TLS, as etcd before 3.4.25 and 3.5.8 may do when it serves both: it is started again`;
    doors.events.emit({ type: 'warning', text });
    answer = await again();
  }
  return answer;
}

function plainUrlBesideTls(after: World, member: MemberName): PeerUrl | undefined {
  const { client } = memberOf(after, member).process ?? {};
  if (!servesHttp(client) || !servesHttps(client)) return undefined;
  return client?.advertise.find((url) => !isHttps(url));
}

/** Whatever etcd says to the call: that it says something is the point. */
async function answersInTheClear({ doors }: Hands, url: PeerUrl): Promise<boolean> {
  const etcd = doors.openPlain(url);
  try {
    for (let left = ASKS; left > 0; left -= 1) {
      const status = await etcd.status();
      if (status.ok || status.error.code !== 'ENDPOINT_UNREACHABLE') return true;
      await doors.clock.sleep(ASK_PAUSE_MS);
    }
    return false;
  } finally {
    etcd.close();
  }
}

function turnsAway(hands: Hands, member: MemberName, url: PeerUrl): Answer {
  return failedBy(
    trouble(hands, {
      code: 'START_FAILED',
      would: `have ${member} serve http and https`,
      but: `it answers plain gRPC at ${url} with TLS in ${String(STARTS_MAX)} starts, as etcd before 3.4.25 and 3.5.8 may do`,
      so: `clients of http cannot use ${member}; the other members serve them`,
      remedy: 'update etcd to 3.4.25, 3.5.8 or later, or try again on a quieter machine',
    }),
  );
}
