/** Turns where a run stands into the world there, and into what is known of its links: for a plan made anew. */

import { present } from '../base/assert.ts';
import type { MemberName } from '../model/ids.ts';
import { touchedBy, touchedMembers } from '../model/step.ts';
import { type World, withUnobserved } from '../model/world.ts';
import { type Context, type LinkEvidence, stepAt } from './machine-types.ts';

type LinksKnown = Pick<LinkEvidence, 'blocked' | 'unobserved'>;

/** What is known of the links where the run stands: from the gate that failed, else from the proven world. */
export function linksKnown(context: Context): LinksKnown {
  const world = worldAt(context, context.index);
  const failed = context.gated?.failure === undefined ? undefined : context.gated.links;
  const blocked = [...new Set([...world.blocked, ...(failed?.blocked ?? [])])];
  if (failed !== undefined) return { blocked, unobserved: failed.unobserved };
  const step = stepAt(context);
  const touched = step === undefined ? [] : touchedMembers(touchedBy(step));
  const [alone] = touched;
  if (touched.length === 1 && alone !== undefined && context.failure?.code === 'START_FAILED') {
    return withIsolated(world, blocked, alone);
  }
  const unseen = touched.reduce((seen, name) => withUnobserved(seen, name, 'both'), world);
  return { blocked, unobserved: unseen.unobserved };
}

export function worldAt(context: Context, index: number): World {
  return present(context.proven.worlds[index], `world ${String(index)}`);
}

/** A member that did not come back reaches nobody, whatever the model makes of its files. */
function withIsolated(world: World, blocked: readonly string[], member: MemberName): LinksKnown {
  const isolated = withUnobserved({ ...world, unobserved: [] }, member, 'both').unobserved;
  return {
    blocked: [...new Set([...blocked, ...isolated])],
    unobserved: world.unobserved.filter((pair) => !isolated.includes(pair)),
  };
}
