/** health: every member healthy, one leader, one term, no alarm, no lag; read from each member itself. */

import type { Verdict } from '../../model/gate.ts';
import type { MemberName } from '../../model/ids.ts';
import type { World } from '../../model/world.ts';
import { participants } from '../../model/steps/settle.ts';
import type { EndpointStatus } from '../../ports.ts';
import type { RunDoors } from '../run-doors.ts';
import { type Touched, isTouched } from '../../model/step.ts';

export interface HealthInput {
  /** The world that the step leads to. */
  readonly expected: World;
  /** The member that was just restarted; its trouble is ours, anybody else's is foreign. */
  readonly touched: Touched;
}

interface Reading {
  readonly name: MemberName;
  readonly status: EndpointStatus | undefined;
  readonly trouble: string | undefined;
}

export async function healthVerdict(doors: RunDoors, input: HealthInput): Promise<Verdict> {
  const up = participants(input.expected);
  const readings = await Promise.all(up.map((name) => readMember(doors, name)));
  const sick = readings.filter((reading) => reading.trouble !== undefined);
  const [first] = sick;
  if (first !== undefined) {
    const isOurs = sick.some(({ name }) => isTouched(input.touched, name));
    const waitsFor = sick.map((reading) => `${reading.name}: ${reading.trouble ?? ''}`).join('; ');
    return { kind: 'hold', waitsFor, fault: isOurs ? 'ours' : 'foreign' };
  }
  return leaderVerdict(doors, input, readings);
}

async function readMember(doors: RunDoors, name: MemberName): Promise<Reading> {
  const etcd = doors.etcd.get(name);
  if (etcd === undefined)
    return { name, status: undefined, trouble: 'its client URL is not known' };
  const [status, health] = await Promise.all([etcd.status(), etcd.health()]);
  if (!status.ok) return { name, status: undefined, trouble: status.error.but };
  if (!health.ok) return { name, status: status.value, trouble: health.error.but };
  const reason = health.value.reason ?? 'no quorum can be reached from it';
  const trouble = health.value.isHealthy ? undefined : `not healthy: ${reason}`;
  return { name, status: status.value, trouble };
}

async function leaderVerdict(
  doors: RunDoors,
  input: HealthInput,
  readings: readonly Reading[],
): Promise<Verdict> {
  const statuses = readings.flatMap((each) =>
    each.status === undefined ? [] : [{ ...each.status, name: each.name }],
  );
  const leaders = new Set(statuses.map((status) => status.leaderId ?? 'none'));
  const terms = new Set(statuses.map((status) => status.raftTerm));
  if (leaders.size !== 1 || leaders.has('none') || terms.size !== 1) {
    const waitsFor = `one leader and one term (seen: leaders ${[...leaders].join(', ')}; terms ${[...terms].join(', ')})`;
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  const top = Math.max(...statuses.map((status) => status.raftIndex));
  const behind = statuses.filter(
    (status) => top - status.appliedIndex > doors.desired.gates.maxLag,
  );
  const [lagging] = behind;
  if (lagging !== undefined) {
    const lag = String(top - lagging.appliedIndex);
    const fault = isTouched(input.touched, lagging.name) ? 'ours' : 'foreign';
    return { kind: 'hold', waitsFor: `${lagging.name} to catch up (${lag} entries behind)`, fault };
  }
  const alarms = await readAlarms(doors);
  if (alarms !== undefined) return { kind: 'hold', waitsFor: alarms, fault: 'foreign' };
  const count = `${String(statuses.length)}/${String(input.expected.members.length)}`;
  return { kind: 'pass', evidence: `${count} healthy, one leader, term ${[...terms].join()}` };
}

async function readAlarms(doors: RunDoors): Promise<string | undefined> {
  for (const etcd of doors.etcd.values()) {
    const alarms = await etcd.alarms();
    if (!alarms.ok) continue;
    const raised = alarms.value.map((each) => each.alarm).join(', ');
    return raised === '' ? undefined : `no alarm (raised: ${raised})`;
  }
  return 'a member that answers about alarms';
}
