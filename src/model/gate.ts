/** What must be shown before the next step may begin, and what an answer can be. */

export type GateCheck =
  /** The member list reads back as sent, on every member that answers. */
  | 'list'
  /** Every member healthy, one leader, one term, no alarm, no lag, no unexplained election. */
  | 'health'
  /** Where no API answers: every process is up, and every peer port answers from every host. */
  | 'peer-ports'
  /** The observed dial matrix equals the predicted one, on fresh probes. */
  | 'links'
  /** No line in any member's log that the model does not expect, for the quiet time. */
  | 'logs'
  /** The client ports of the member just restarted: the list, what answers there, and what is refused. */
  | 'client-ports'
  /** No connection to any client port that is known, or may be, plain http. */
  | 'clients-moved'
  /** Equal HashKV at one revision on all members. */
  | 'data';

export interface GateSpec {
  readonly checks: readonly GateCheck[];
  readonly quietMs: number;
  readonly timeoutMs: number;
}

/** Whose fault decides what follows: ours is undone, a foreign trouble is waited out. */
export type Fault = 'ours' | 'foreign';

export type Verdict =
  | { readonly kind: 'pass'; readonly evidence: string }
  | {
      readonly kind: 'hold';
      readonly waitsFor: string;
      readonly fault: Fault;
      /** It cannot pass before so long, and can then; absent: nobody knows. */
      readonly forMs?: number;
    }
  | { readonly kind: 'fail'; readonly because: string; readonly fault: Fault };

/** The strictest of several: a fail of ours, then a foreign one, then any hold, then pass. */
export function strictest(verdicts: readonly Verdict[]): Verdict {
  const ours = verdicts.find((each) => each.kind === 'fail' && each.fault === 'ours');
  const fail = ours ?? verdicts.find((each) => each.kind === 'fail');
  if (fail !== undefined) return fail;
  const holds = verdicts.filter((each) => each.kind === 'hold');
  const [first] = holds;
  if (first !== undefined) {
    const fault = holds.some((each) => each.fault === 'foreign') ? 'foreign' : first.fault;
    const waitsFor = holds.map((each) => each.waitsFor).join('; ');
    const times = holds.flatMap(({ forMs }) => (forMs === undefined ? [] : [forMs]));
    const isKnown = times.length === holds.length;
    return { kind: 'hold', waitsFor, fault, ...(isKnown ? { forMs: Math.max(...times) } : {}) };
  }
  const evidence = verdicts.flatMap((each) => (each.kind === 'pass' ? [each.evidence] : []));
  return { kind: 'pass', evidence: evidence.join('; ') };
}
