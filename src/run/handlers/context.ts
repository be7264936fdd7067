/** What every handler gets, and the shapes of its answers. */

import type { Fault } from '../../model/gate.ts';
import type { Failure, FailureCode } from '../../model/failure.ts';
import type { MemberName } from '../../model/ids.ts';
import type { Effect } from '../../model/journal.ts';
import type { MoreAddresses } from '../../model/log-pairs.ts';
import type { World } from '../../model/world.ts';
import type { EtcdMember, MemberDoors } from '../../ports.ts';
import { present } from '../../base/assert.ts';
import type { Canary } from '../canary.ts';
import type { EvidenceInput } from '../evidence.ts';
import type { ClusterLock } from '../lease.ts';
import type { LogWatch } from '../log-watch.ts';
import { type Answer, bad } from '../machine-types.ts';
import type { RunDoors } from '../run-doors.ts';
import type { Touched } from '../../model/step.ts';

export interface Hands {
  readonly doors: RunDoors;
  readonly lock: ClusterLock;
  readonly logs: LogWatch;
  /** Undefined: the plan file asks for none. */
  readonly canary: Canary | undefined;
  /** A way back is not stopped by what led to it. */
  readonly isForward: boolean;
  /** The world that the step expects, and the one that it leads to. */
  readonly before: World;
  readonly after: World;
  /** When this step's hand moved. */
  readonly sinceMs: number;
  /** `step 12 of 19` */
  readonly where: string;
}

export function done(...effects: readonly Effect[]): Answer {
  return { kind: 'good', effects };
}

export function failedBy(failure: Failure, fault: Fault = 'ours'): Answer {
  return bad(failure, fault);
}

/** What the logs are judged by while this step is in hand. */
export function evidenceOf(hands: Hands, touched: Touched): EvidenceInput {
  const { logs, before, after, sinceMs, doors } = hands;
  const addresses = addressesOf(doors.desired);
  return { logs, before, after, touched, sinceMs, nowMs: doors.clock.nowMs(), addresses };
}

/** What the plan file calls hosts, and where it says that they dial from. */
function addressesOf({ members }: RunDoors['desired']): MoreAddresses {
  return new Map(
    members.map(({ name, host, sourceAddresses }) => {
      const named = host.address === undefined ? [] : [host.address];
      return [name, [...named, ...sourceAddresses]] as const;
    }),
  );
}

export interface Trouble {
  readonly code: FailureCode;
  readonly would: string;
  readonly but: string;
  readonly so: string;
  readonly remedy: string;
}

export function trouble(hands: Hands, what: Trouble): Failure {
  return { ...what, where: hands.where };
}

export function doorsOf(hands: Hands, member: MemberName): MemberDoors {
  return present(hands.doors.members.get(member), `doors of ${member}`);
}

export function etcdOf(hands: Hands, member: MemberName): EtcdMember {
  return present(hands.doors.etcd.get(member), `client of ${member}`);
}
