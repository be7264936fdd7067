/** A rule over worlds: given one moment of a rollout, every breach of it, with the numbers. */

import type { MemberName } from './ids.ts';
import type { Severity } from './proof.ts';
import type { DeclaredWindow, Rollout } from './rollout.ts';
import type { Step } from './step.ts';
import type { World } from './world.ts';

/** One world of the walk, with how it came to be. */
export interface Moment {
  readonly world: World;
  /** Index of the step that leads here; -1 for the start. */
  readonly index: number;
  readonly step: Step | undefined;
  readonly kind: 'start' | 'before' | 'halfway' | 'after' | 'end';
  /** What went wrong beside the rollout. */
  readonly mishap: Mishap | undefined;
  /** The strategy allows worlds that are connected and not fully dialable here. */
  readonly window: DeclaredWindow | undefined;
}

/** A member crashed, or crashed and came back; a dead-man went off, and then maybe another member crashed. */
export interface Mishap {
  readonly member: MemberName;
  readonly isBack: boolean;
  /** The member whose dead-man went off first: alone when it is `member` itself, which is back then. */
  readonly fired?: MemberName;
}

export interface Breach {
  /** What it is about (a member, a pair): the same breach at the start is inherited, not caused. */
  readonly subject: string;
  readonly but: string;
  readonly so: string;
  readonly remedy: string;
}

export interface Invariant {
  readonly name: string;
  readonly severity: Severity;
  /** One sentence: what must hold. */
  readonly rule: string;
  readonly check: (moment: Moment, rollout: Rollout) => readonly Breach[];
}
