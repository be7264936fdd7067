/**
 * Turns a gate's spec into evidence: cheap checks first, then fresh probes and the quiet time together,
 * data last. Answers when all have passed, when one fails, or when the gate's time is up.
 */

import { present } from '../base/assert.ts';
import { canaryText, canaryVerdict } from '../model/canary.ts';
import { strictest, type GateSpec, type Verdict } from '../model/gate.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import type { ToldLine } from '../model/journal.ts';
import { applyStep, say } from '../model/laws.ts';
import { type Step, type Touched, touchedBy, touchedMembers } from '../model/step.ts';
import { dialFailures } from './evidence.ts';
import { clientPortsVerdict, clientsRefused, makeClientsMoved } from './gates/clients.ts';
import { dataVerdict } from './gates/data.ts';
import { healthVerdict } from './gates/health.ts';
import { type LinkProbe, makeLinkProbe } from './gates/links.ts';
import { listVerdict } from './gates/list.ts';
import { type LogsGateInput, logsTold, logsVerdict } from './gates/logs.ts';
import { type Hands, evidenceOf } from './handlers/context.ts';
import { gistOf } from './gist.ts';
import type { LogWatch } from './log-watch.ts';
import type { Gated } from './machine-types.ts';

const POLL_FIRST_MS = 100;
const POLL_MAX_MS = 500;
/** Figures that merely grow: as often as a person reads them. */
const TOLD_EVERY_MS = 1000;

export interface GateInput {
  readonly hands: Hands;
  readonly step: Step;
  readonly spec: GateSpec;
}

export async function runGate(input: GateInput, signal: AbortSignal): Promise<Gated> {
  const { hands, step, spec } = input;
  const { clock, events } = hands.doors;
  const beganAtMs = clock.nowMs();
  const gate = makeGate(input);
  let said = '';
  let lookedAtMs = -TOLD_EVERY_MS;
  let unseenCount = 0;
  let waitMs = POLL_FIRST_MS;
  for (;;) {
    const verdict = await gate.poll();
    const elapsedMs = clock.nowMs() - beganAtMs;
    const isOver = verdict.kind !== 'hold' || elapsedMs > spec.timeoutMs || signal.aborted;
    if (isOver) return ended(input, gate, verdict, elapsedMs);
    const { waitsFor, forMs = POLL_MAX_MS } = verdict;
    if (gistOf(waitsFor) !== said) {
      said = gistOf(waitsFor);
      events.emit({ type: 'gate-waits', step: step.id, waitsFor, elapsedMs });
    }
    const unseen = gate.links?.result().unobserved ?? [];
    if (elapsedMs >= lookedAtMs + TOLD_EVERY_MS || unseen.length !== unseenCount) {
      lookedAtMs = elapsedMs;
      unseenCount = unseen.length;
      const { timeoutMs } = spec;
      events.emit({ type: 'gate-looked', step: step.id, waitsFor, elapsedMs, timeoutMs, unseen });
    }
    await clock.sleep(Math.min(waitMs, forMs), signal);
    waitMs = Math.min(POLL_MAX_MS, waitMs * 1.3);
  }
}

interface Gate {
  poll(): Promise<Verdict>;
  /** What the members' logs said since the hand moved. */
  lines(): readonly ToldLine[];
  readonly links: LinkProbe | undefined;
}

function makeGate({ hands, step, spec }: GateInput): Gate {
  const { doors, after } = hands;
  const asks = (check: GateSpec['checks'][number]): boolean => spec.checks.includes(check);
  // What a running member never reads cannot be the cause of its trouble.
  const touched = step.kind === 'record-cluster' ? undefined : touchedBy(step);
  const links = asks('links')
    ? makeLinkProbe(doors, {
        expected: after,
        pairs: applyStep(hands.before, step).unobserved,
        touched,
        isFenced: () => hands.lock.isHeld(),
        lines: (expectedSinceMs) => dialFailures(evidenceOf(hands, touched), expectedSinceMs),
        unheard: (member) => unheardBecause(hands.logs, member),
      })
    : undefined;
  let hasDialed = false;
  const moved = makeClientsMoved(doors, after, spec.quietMs);
  return {
    links,
    lines: () => {
      return asks('logs') ? logsTold(logsInput(hands, touched, spec.quietMs)) : [];
    },
    async poll() {
      const logs = asks('logs') ? await logsOf(hands, touched, spec.quietMs) : undefined;
      // A start that was refused and doubtful data are told by the log alone, and at once.
      if (logs?.kind === 'fail') return logs;
      const first: Verdict[] = [];
      if (asks('list')) first.push(await listVerdict(doors, after));
      if (asks('peer-ports')) first.push(await peerPortVerdict(doors, after, touched));
      if (asks('health')) first.push(await healthVerdict(doors, { expected: after, touched }));
      const canary = asks('health') ? canaryOf(hands) : [];
      const cheap = strictest([...first, ...canary]);
      if (cheap.kind !== 'pass') return cheap;
      if (asks('clients-moved')) return strictest([cheap, await moved()]);
      const second: Verdict[] = [...first];
      // Asked until the end: what a log says may overrule what a probe has shown.
      if (links !== undefined) second.push(await links.poll());
      if (logs !== undefined) second.push(logs);
      second.push(...canary);
      const evidence = strictest(second);
      if (evidence.kind !== 'pass') return evidence;
      // What must be refused is dialed when all else has passed: the log lines of it are ours.
      if (asks('client-ports')) second.push(...(await clientPorts(hands, touched, hasDialed)));
      hasDialed = true;
      const whole = strictest(second);
      if (whole.kind !== 'pass' || !asks('data')) return whole;
      return strictest([...second, await dataVerdict(doors, after)]);
    },
  };
}

/** On the way back it is told and not judged. */
function canaryOf({ canary, doors, isForward }: Hands): readonly Verdict[] {
  const desired = doors.desired.gates.canary;
  if (canary === undefined || desired === false) return [];
  const told = canary.told();
  if (isForward) return [canaryVerdict(told, desired)];
  return [{ kind: 'pass', evidence: `canary: ${canaryText(told)}` }];
}

async function peerPortVerdict(
  doors: Hands['doors'],
  after: Hands['after'],
  touched: Touched,
): Promise<Verdict> {
  return present(doors.peers, 'a look at the peer ports').verdict(after, touched);
}

async function clientPorts(
  { doors, after, logs, sinceMs }: Hands,
  touched: Touched,
  hasDialed: boolean,
): Promise<readonly Verdict[]> {
  const members = touchedMembers(touched);
  // The lines of our own dials are in the log from the first time on.
  const refusing = hasDialed
    ? []
    : members.flatMap((name) => clientsRefused(logs, after, name, sinceMs));
  if (refusing.length > 0) return refusing;
  const verdicts = await Promise.all(members.map((name) => clientPortsVerdict(doors, after, name)));
  // Read now, so that no later gate takes them for somebody else's.
  await logs.collect();
  return verdicts;
}

function unheardBecause(logs: LogWatch, member: MemberName): string | undefined {
  if (logs.behind().includes(member)) return 'it grows faster than it is read';
  return logs.unreadable().get(member);
}

async function logsOf(hands: Hands, touched: Touched, quietMs: number): Promise<Verdict> {
  await hands.logs.collect();
  return logsVerdict(logsInput(hands, touched, quietMs));
}

/** Everything that was read so far. */
function logsInput(hands: Hands, touched: Touched, quietMs: number): LogsGateInput {
  const { logs: watch, ...rest } = evidenceOf(hands, touched);
  return { watch, ...rest, quietMs };
}

function ended(input: GateInput, gate: Gate, verdict: Verdict, tookMs: number): Gated {
  const links = gate.links?.result();
  const lines = gate.lines();
  if (verdict.kind === 'pass') return { verdict, failure: undefined, tookMs, links, lines };
  const isTimeout = verdict.kind === 'hold';
  const because = isTimeout ? verdict.waitsFor : verdict.because;
  const final: Verdict = { kind: 'fail', because, fault: verdict.fault };
  const failure = gateFailure(input, because, isTimeout, verdict.fault);
  return { verdict: final, failure, tookMs, links, lines };
}

function gateFailure(
  input: GateInput,
  because: string,
  isTimeout: boolean,
  fault: 'ours' | 'foreign',
): Failure {
  const { hands, step, spec } = input;
  if (step.kind === 'check-clients') return clientsFailure(hands, because);
  const waited = `${String(Math.round(spec.timeoutMs / 1000))} s`;
  return {
    code: isTimeout ? 'GATE_TIMED_OUT' : 'GATE_FAILED',
    where: `gate after ${hands.where}`,
    would: `rest on: ${say(step)}`,
    but: isTimeout ? `after ${waited} it still waits for ${because}` : because,
    so:
      fault === 'ours'
        ? 'the change just made is at fault; going on could cost quorum at the last member while every health check stays green'
        : 'the trouble is not of this run; nothing more is touched while it lasts',
    remedy:
      fault === 'ours'
        ? 'mend the cause named above before the next attempt'
        : 'when it is over: peershift resume (or peershift rollback)',
  };
}

/** Clients may take days: nothing is wrong, and nothing is undone. */
function clientsFailure({ where }: Hands, because: string): Failure {
  return {
    code: 'CLIENTS_STILL_PLAIN',
    where: `gate after ${where}`,
    would: 'close http on the client ports',
    but: `it still waits for ${because}`,
    so: 'every member serves http and https, and goes on doing so; nobody is turned away',
    remedy:
      'move those clients to the https URLs, then peershift resume; connections that stay idle pass with accept: [idle-clients]',
  };
}
