/**
 * Turns what fresh probes, a dial from the member's host and the logs tell of one ordered pair into one cell
 * of the observed dial matrix: reached, not reached or unknown, by which source, and why.
 *
 *   probe \ then            nothing          a line that names the pair, since    dial refused, since
 *   reached                 reached          not reached (log)                    not reached (dial)
 *   not reached             not reached, whatever a dial from outside says
 *   waiting                 unknown
 *   unreadable, dial good   reached (dial)   not reached (log)                    -
 *   unreadable, no dial     unknown          not reached (log)                    not reached (dial)
 *
 * A dial from outside the process shows nothing of the CA that the process has loaded: it counts only where
 * no metrics can be read, and only beside a log that can be heard.
 */

export type LinkState = 'reached' | 'not-reached' | 'unknown';

export type LinkSource = 'metrics' | 'dial' | 'log' | 'none';

export interface LinkCell {
  readonly state: LinkState;
  /** What decided; `none` for an unknown cell. */
  readonly source: LinkSource;
  readonly because: string;
}

/** By ordered pair, `a>b`. */
export type LinkCells = Readonly<Record<string, LinkCell>>;

/** What the round trip histogram of the dialing member showed since its probes began anew. */
export interface ProbeEvidence {
  readonly kind: 'waiting' | 'reached' | 'not-reached' | 'unreadable';
  /** When it was read. */
  readonly atMs: number;
  /** Why it cannot be read. */
  readonly because?: string;
}

/** A dial from the dialing member's host with its own files, whose process was seen to carry them. */
export interface DialEvidence {
  readonly result: 'answered' | 'refused' | 'undecided';
  readonly atMs: number;
  readonly because: string;
}

/** The last dial-failure line about this pair. */
export interface LineEvidence {
  /** Who says what. */
  readonly quote: string;
  readonly readAtMs: number;
  /** It is about this pair and no other; else this is one of several that it may be about. */
  readonly isNamed: boolean;
}

export interface CellInput {
  readonly probe: ProbeEvidence;
  /** Undefined: none was made. */
  readonly dial: DialEvidence | undefined;
  readonly line: LineEvidence | undefined;
  /** Why the dialing member's log cannot be heard; undefined: it is read to its end. */
  readonly unheard: string | undefined;
}

export const NOT_COUNTED_YET = 'no fresh probe has been counted yet';

/** While a dial fails its member says so every 5 s (rafthttp probing_status.go); twice that is silence. */
export const LINE_SILENCE_MS = 10_000;

/** On the safe side: of two that differ the later one counts, and a process's own word before a dial of ours. */
export function linkCell(input: CellInput): LinkCell {
  const { probe, dial, line } = input;
  if (probe.kind === 'unreadable') return withoutMetrics(input);
  if (probe.kind === 'waiting') return unknownCell(NOT_COUNTED_YET);
  if (probe.kind === 'not-reached') {
    const more = line === undefined ? '' : `; ${line.quote}`;
    return {
      state: 'not-reached',
      source: 'metrics',
      because: `not reached by fresh probes${more}`,
    };
  }
  if (line?.isNamed === true && line.readAtMs >= probe.atMs) {
    return {
      state: 'not-reached',
      source: 'log',
      because: `${line.quote}, after a probe got through`,
    };
  }
  if (dial?.result === 'refused' && dial.atMs > probe.atMs) {
    return {
      state: 'not-reached',
      source: 'dial',
      because: `${dial.because}, after a probe got through`,
    };
  }
  return { state: 'reached', source: 'metrics', because: 'a fresh probe got through' };
}

function withoutMetrics({ probe, dial, line, unheard }: CellInput): LinkCell {
  const blind = probe.because ?? 'its metrics cannot be read';
  const hasCeased =
    line !== undefined && dial !== undefined && dial.atMs - line.readAtMs >= LINE_SILENCE_MS;
  if (line !== undefined && !hasCeased) {
    if (line.isNamed) return { state: 'not-reached', source: 'log', because: line.quote };
    return unknownCell(`${line.quote}, which may be about this link`);
  }
  if (dial === undefined) return unknownCell(blind);
  if (dial.result === 'refused') {
    return { state: 'not-reached', source: 'dial', because: dial.because };
  }
  if (dial.result === 'undecided') return unknownCell(`${blind}; ${dial.because}`);
  if (unheard !== undefined) {
    return unknownCell(
      `${blind}; a dial is answered, and no log can speak against it (${unheard})`,
    );
  }
  return { state: 'reached', source: 'dial', because: dial.because };
}

function unknownCell(because: string): LinkCell {
  return { state: 'unknown', source: 'none', because };
}
