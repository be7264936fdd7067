/** Which evidence is asked for after which step. */

import type { DesiredGates } from '../model/desired.ts';
import type { GateSpec } from '../model/gate.ts';

/** After a member update inside a group: the list and health, without waiting; the group's restart has the full gate. */
export function updateGate(gates: DesiredGates): GateSpec {
  return { checks: ['list', 'health'], quietMs: 0, timeoutMs: gates.timeoutMs };
}

export function leaderGate(gates: DesiredGates): GateSpec {
  return { checks: ['health'], quietMs: 0, timeoutMs: gates.timeoutMs };
}

/** After a restart or a lone member update: everything, with every ordered pair probed afresh. */
export function linkGate(gates: DesiredGates): GateSpec {
  return {
    checks: ['list', 'health', 'links', 'logs'],
    quietMs: gates.quietMs,
    timeoutMs: gates.timeoutMs,
  };
}

/** After a restart that changed what clients are served: all of that, and the member's own client ports. */
export function clientGate(gates: DesiredGates): GateSpec {
  const { checks, ...rest } = linkGate(gates);
  return { checks: [...checks, 'client-ports'], ...rest };
}

/** Before http is closed on a member: everybody who is connected speaks TLS, and so does who comes and goes. */
export function movedGate({ quietMs, timeoutMs }: DesiredGates): GateSpec {
  return { checks: ['health', 'clients-moved'], quietMs, timeoutMs };
}

/** Before the first change: the links as the model has them, on fresh probes, and the same data everywhere. */
export function startGate(gates: DesiredGates): GateSpec {
  return {
    checks: ['list', 'health', 'links', 'data'],
    quietMs: 0,
    timeoutMs: gates.timeoutMs,
  };
}

/** Before the first change and after the last: the same data everywhere. */
export function dataGate(gates: DesiredGates): GateSpec {
  return { checks: ['health', 'data'], quietMs: 0, timeoutMs: gates.timeoutMs };
}
