/** Turns the proven rollout into what it opens and how long it degrades, or its refusal into items. */

import {
  type CheckItem,
  type Objection,
  itemOfFailure,
  itemsOf,
  objection,
  oneItem,
} from '../check.ts';
import type { Failure } from '../failure.ts';
import type { HostProbe } from '../host-probe.ts';
import type { ProvenRollout } from '../proof.ts';
import type { Rollout } from '../rollout.ts';
import { FLAG, peerSettings, urlList } from '../settings.ts';
import { type Step, startedBy } from '../step.ts';
import { isIpAddress, urlParts } from '../url.ts';

/** A socket that the rollout opens on a member's host and that nothing of the member holds now. */
export interface NewSocket {
  readonly member: string;
  readonly host: string;
  readonly port: number;
}

/** Undefined: it was not worked out, since what fails elsewhere comes first. */
export type Planned =
  | { readonly kind: 'proven'; readonly proven: ProvenRollout; readonly way: string }
  | { readonly kind: 'refused'; readonly failures: readonly Failure[] }
  | { readonly kind: 'not-planned' };

export function rolloutItems(planned: Planned): readonly CheckItem[] {
  switch (planned.kind) {
    case 'not-planned':
      return [
        {
          rule: 'rollout',
          result: 'fail',
          where: '',
          because: 'no rollout was worked out: what fails above comes first',
          remedy: 'mend that, then check again',
        },
      ];
    case 'refused':
      return planned.failures.map((failure) => ({ ...itemOfFailure(failure), rule: 'rollout' }));
    case 'proven':
      return oneItem('rollout', [], provenText(planned.proven, planned.way));
  }
}

function provenText({ rollout, proof }: ProvenRollout, way: string): string {
  if (rollout.steps.length === 0) return 'nothing to do: the cluster is what the plan asks for';
  const restarts = rollout.steps.flatMap(startedBy).length;
  const windows =
    proof.windows.length === 0
      ? 'no degraded window'
      : `${String(proof.windows.length)} degraded ${proof.windows.length === 1 ? 'window' : 'windows'}`;
  return `${way}: ${String(rollout.steps.length)} steps, ${String(restarts)} restarts, proven in ${String(proof.worldCount)} worlds; ${windows}`;
}

/** Where members will listen and do not listen now. */
export function newSockets({ steps, start }: Rollout): readonly NewSocket[] {
  const found = new Map<string, NewSocket>();
  for (const step of steps) {
    if (step.kind !== 'configure-member') continue;
    const change = step.changes.find(({ flag }) => flag === FLAG.listenPeerUrls);
    const member = start.members.find(({ name }) => name === step.member);
    if (change?.to === undefined || member === undefined) continue;
    const listens = member.process?.peer.listen ?? peerSettings(member.disk.settings).listen;
    const held = new Set(listens.map((url) => urlParts(url).port));
    for (const { host, port } of urlList(change.to).map(urlParts)) {
      if (!held.has(port))
        found.set(`${member.name} ${String(port)}`, { member: member.name, host, port });
    }
  }
  return [...found.values()];
}

/** A port that something else listens on makes the restart fail; whether peers reach it only a listener there shows. */
export function portItems(
  sockets: readonly NewSocket[],
  probes: readonly HostProbe[],
  isRehearsed: boolean,
): readonly CheckItem[] {
  if (sockets.length === 0) return oneItem('ports', [], 'no port is opened that is not open now');
  const objections = sockets.map((socket): [string, readonly Objection[]] => [
    socket.member,
    [...takenObjections(socket, probes), ...(isRehearsed ? [] : reachObjections(socket))],
  ]);
  const ports = [...new Set(sockets.map(({ port }) => String(port)))].join(', ');
  return itemsOf('ports', new Map(objections), `the second port (${ports}) is free`);
}

function takenObjections(
  { member, host, port }: NewSocket,
  probes: readonly HostProbe[],
): readonly Objection[] {
  const seen = probes.find((probe) => probe.member === member)?.seen;
  if (seen?.known !== true) return [];
  const isWide = host === '0.0.0.0' || host === '::' || !isIpAddress(host);
  const taken = seen.value.listening.find((each) => {
    return each.port === port && (isWide || each.address === '*' || each.address === host);
  });
  if (taken === undefined) return [];
  const remedy = 'free it, or name other ports by peerUrl and listenPeerUrls';
  const because = `something listens on ${taken.address}:${String(port)} already: etcd would not start`;
  return [objection('fail', because, remedy)];
}

function reachObjections({ host, port }: NewSocket): readonly Objection[] {
  const because = `whether the others reach ${host}:${String(port)} is not known: nothing listens there yet`;
  return [
    objection('warn', because, 'peershift check --rehearse opens it for a moment and dials it'),
  ];
}

/** A gate that looks at links waits for a fresh probe of each pair (some 5 s), or for its quiet time. */
const LINK_GATE_MS = 5200;
/** From the stop of a small member until it serves. */
const RESTART_MS = 3000;

/** Roughly how long the longest degraded window lasts, in milliseconds: its gates and its restarts. */
export function longestWindowMs({ rollout, proof }: ProvenRollout): number {
  const lengths = proof.windows.map(({ fromStep, toStep }) => {
    const steps = rollout.steps.slice(fromStep, toStep + 1);
    return steps.reduce((sum, step) => sum + stepMs(step), 0);
  });
  return Math.max(0, ...lengths);
}

function stepMs(step: Step): number {
  const gateMs =
    step.after?.checks.includes('links') === true ? Math.max(LINK_GATE_MS, step.after.quietMs) : 0;
  return gateMs + (startedBy(step).length > 0 ? RESTART_MS : 0);
}
