/** Turns a world into a text that only worlds in which all is the same share. */

import { numberOf } from '../base/canonical.ts';
import type { World } from './world.ts';

/** Two texts of equal worlds only cost work. */
export function worldKey(world: World): string {
  const { nowMs, members, record, leader, unobserved, blocked, armed } = world;
  const parts = [members, record, unobserved].map(numberOf).join(' ');
  const waits = armed === undefined ? '-' : `${armed.member} ${String(numberOf(armed.settings))}`;
  return `${parts} ${leader ?? '-'} ${String(nowMs)} ${blocked.join()} ${waits}`;
}
