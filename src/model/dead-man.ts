/** What a dead-man switch on a member's host is seen to be. */

import type { Settings } from './settings.ts';

export interface DeadManFact {
  /** One for each arming: run and number of a journal entry. */
  readonly id: string;
  readonly run: string;
  /**
   * `armed`: it waits. `firing`: it has begun to put the settings of before back. `fired`: it has ended, `result`
   * says how. `disarmed`: it can no longer fire.
   */
  readonly state: 'armed' | 'firing' | 'fired' | 'disarmed';
  /** Its timer is alive; a host that was started anew has none. */
  readonly isTicking: boolean;
  /** By the host's own clock. */
  readonly firesAtMs: number;
  /** The settings that peershift writes, as its firing leaves them. */
  readonly settings: Settings;
  /** Where the original of the configuration is kept when it fires. */
  readonly keptPath: string;
  /** What it writes holds edits that somebody else made since the run began. */
  readonly hasOthers: boolean;
  /** Of a fired one: `done`, `changed` (somebody else's file stood there: nothing was touched), or what failed. */
  readonly result: string;
}
