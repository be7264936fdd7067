/** A rollout: the ordered steps from one world to another, with the windows that its strategy declares. */

import type { DialReason } from './dial.ts';
import type { Strategy } from './desired.ts';
import type { MemberName } from './ids.ts';
import type { Phase, Step } from './step.ts';
import type { PeerUrl } from './url.ts';
import type { Settings } from './settings.ts';
import type { World } from './world.ts';

/** `rescue`: from no quorum to one, on hosts alone. */
export type Direction = 'forward' | 'rollback' | 'rescue';

export interface Rollout {
  readonly direction: Direction;
  readonly strategy: Strategy;
  readonly planName: string;
  readonly clusterId: string;
  readonly steps: readonly Step[];
  readonly windows: readonly DeclaredWindow[];
  /** What the plan takes for granted and the run checks again. */
  readonly assumptions: readonly string[];
  readonly start: World;
  readonly goal: readonly MemberGoal[];
}

/** A phase in which the strategy allows worlds that are connected and not fully dialable. */
export interface DeclaredWindow {
  readonly phase: Phase;
  readonly because: string;
  /** Why a dial may fail in this phase; any other reason breaks the rule. */
  readonly reasons: readonly DialReason[];
}

/** What one member must be at the end. */
export interface MemberGoal {
  readonly member: MemberName;
  readonly urls: readonly PeerUrl[];
  /** The owned settings; a flag that is absent here must be absent there. */
  readonly settings: Settings;
}
