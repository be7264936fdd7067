/** Turns a call that brought no answer into how far it went, the reason in words, and the next action. */

import { durationText } from '../../base/duration.ts';
import type { FailureCode } from '../../model/failure.ts';

/**
 * not-sent: the request never left. no-answer: it may have arrived, the deadline passed. cut: it may have
 * arrived, the connection went. no-majority: etcd itself waited for a majority in vain; it may still happen.
 * refused: etcd said no and did nothing.
 */
export type TroubleKind = 'not-sent' | 'no-answer' | 'cut' | 'no-majority' | 'refused';

export interface Reason {
  /** What stands against it, as a clause that can follow "but". */
  readonly words: string;
  /** What a person can do. */
  readonly remedy: string;
}

export interface Trouble extends Reason {
  readonly kind: TroubleKind;
  /** Where the kind alone says too little. */
  readonly code?: FailureCode;
}

/** For what stands against a call before there is a connection. */
export function notSent(words: string): Trouble {
  return { kind: 'not-sent', words, remedy: 'correct the plan file, then try again' };
}

export function noAnswer(ms: number): Trouble {
  return {
    kind: 'no-answer',
    words: `it does not answer within ${durationText(ms)}`,
    remedy: 'see whether the member is frozen, starting or without quorum, then try again',
  };
}

export function closedByUs(): Trouble {
  return {
    kind: 'cut',
    words: 'peershift closed this connection',
    remedy: 'run the command again',
  };
}
