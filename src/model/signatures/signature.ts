/** What one kind of log line means: how it is known again, who says it, and which broken dials it is evidence of. */

import type { DialReason } from '../dial.ts';
import type { LogEvent, LogLevel } from '../log-line.ts';

export type SignatureKind =
  /** Two members cannot reach each other, or could not for a moment. */
  | 'peer-link'
  /** A connection came and went before its handshake: no dial of a member looks like that for long. */
  | 'no-request'
  /** A member refuses to start, or its process ended by itself. */
  | 'start-up'
  /** The data of a member is in doubt. */
  | 'data'
  /** Slow disks, full buffers, clocks apart: no fault of peer links. */
  | 'load'
  | 'membership'
  /** A process starts, serves, or stops. */
  | 'progress'
  /** A peer link came up. */
  | 'link-good';

/**
 * Listener: it says what came in, so the remote dialed it. Dialer: it says how its own dial of the
 * remote went. Self: it speaks of itself, or of a link without telling which side opened it.
 */
export type Speaker = 'listener' | 'dialer' | 'self';

export interface Signature {
  /** Stable, for `explain` and for journals. */
  readonly code: string;
  readonly kind: SignatureKind;
  readonly speaker: Speaker;
  /** One sentence. */
  readonly meaning: string;
  /** One sentence. */
  readonly remedy: string;
  readonly match: Match;
  /**
   * Why the dial is refused, as the dial model names it; `any`: the line does not tell. Empty: no reason
   * that the dial model knows. `target-down` or `source-down` among them: a stop or start explains it.
   */
  readonly reasons: readonly DialReason[] | 'any';
  /** The process has ended with this line: only a later start of it makes it good. */
  readonly isFinal?: true;
  /** Fits what no other of its kind fits: the more exact ones come before it. */
  readonly isFallback?: true;
  /** No running member of ours has said it: the text is from etcd's source. */
  readonly isUnverified?: true;
}

/** All parts that are given must fit; the pattern is looked for in Go's own text, or in message and error. */
export interface Match {
  readonly events: readonly LogEvent[];
  readonly pattern?: RegExp;
  readonly level?: LogLevel;
}

/** A line that is known and tells nothing about the change, with the reason why not. */
export interface IgnoredLine {
  readonly pattern: RegExp;
  readonly because: string;
}
