/** A timed way back that one member's host carries out alone. Types only. */

import type { DeadManFact } from '../model/dead-man.ts';
import type { Settings } from '../model/settings.ts';
import type { Answer } from './answer.ts';

export interface DeadManOrder {
  /** One for each arming, of letters, digits and `.-_`. */
  readonly id: string;
  readonly run: string;
  readonly afterMs: number;
  /** The configuration that it writes, what it writes there, and the settings that this gives. */
  readonly path: string;
  readonly text: string;
  readonly settings: Settings;
  /** SHA-256 of what it may overwrite, `absent` for no file: anything else is somebody's own, and is left. */
  readonly mayStand: readonly string[];
  /** The original is kept here before it is overwritten, unless it is already. */
  readonly keptPath: string;
  /** The text holds edits that somebody else made since the run began. */
  readonly hasOthers: boolean;
}

export interface DeadMan {
  /** Undefined when none was left there. */
  look(): Answer<DeadManFact | undefined>;
  /** Read back: it waits, its timer is alive, and what it would write is what was sent. */
  arm(order: DeadManOrder): Answer<DeadManFact>;
  /** What it is afterwards: `disarmed`, or that it was too late; undefined when there is none. */
  disarm(): Answer<DeadManFact | undefined>;
  /** Takes away what one that is over has left. */
  clear(): Answer<undefined>;
}
