/** The strategies by name: what each declares as its windows, and how it writes its steps. */

import type { Strategy } from '../model/desired.ts';
import type { MemberName } from '../model/ids.ts';
import type { DeclaredWindow } from '../model/rollout.ts';
import type { Draft } from './draft.ts';
import { DOCUMENTED_WINDOWS, documented } from './strategies/documented.ts';
import { dualListener, dualListenerWindows } from './strategies/dual-listener.ts';
import { DUAL_URL_WINDOWS, dualUrl } from './strategies/dual-url.ts';
import { REBUILD_WINDOWS, rebuild } from './strategies/rebuild.ts';
import { fewestRestarts, fewestRestartsWindows } from './strategies/fewest-restarts.ts';
import { trustFirst, trustFirstWindows } from './strategies/trust-first.ts';
import type { Target } from './target.ts';

export interface StrategyPlan {
  /** Of a cluster of so many members: where one cannot be stopped, its URL changes under it. */
  readonly windows: (memberCount: number) => readonly DeclaredWindow[];
  readonly write: (draft: Draft, targets: readonly Target[], order: readonly MemberName[]) => void;
}

export const STRATEGY_PLANS: Readonly<Record<Strategy, StrategyPlan>> = {
  documented: { windows: () => DOCUMENTED_WINDOWS, write: documented },
  'dual-url': { windows: () => DUAL_URL_WINDOWS, write: dualUrl },
  'dual-listener': { windows: dualListenerWindows, write: dualListener },
  'trust-first': { windows: trustFirstWindows, write: trustFirst },
  'fewest-restarts': { windows: fewestRestartsWindows, write: fewestRestarts },
  rebuild: { windows: () => REBUILD_WINDOWS, write: rebuild },
};
