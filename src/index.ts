/** The library: the flow's own functions, and the nouns that pass between them. */

export { declare } from './declare/declare.ts';
export { discover } from './discover/discover.ts';
export { planRollout } from './plan/plan-rollout.ts';
export { planRollback } from './plan/plan-rollback.ts';
export { prove } from './prove/prove.ts';
export { drive as run } from './run/driver.ts';
export type { DesiredSpec } from './model/desired.ts';
export type { Failure } from './model/failure.ts';
export type { ObservedState } from './model/observed.ts';
export type { ProvenRollout } from './model/proof.ts';
export type { Rollout } from './model/rollout.ts';
export type { World } from './model/world.ts';
