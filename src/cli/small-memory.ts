/** Turns a process that waits most of its time into one that keeps little garbage. */

import { setFlagsFromString } from 'node:v8';

/** Whose engines are known to have the flag; an engine without it would say so on stderr. */
const NEWEST_NODE = 24;

/**
 * V8 lets the space of new objects grow to 48 MB before it collects them. A run makes few objects at a time and
 * nobody waits for them: with this space as small as at the start it takes 119 MB instead of 165, and no more
 * processor time. To be called before anything large is loaded: the space never shrinks.
 */
export function keepLittleGarbage(): void {
  const [major] = process.versions.node.split('.');
  if (Number(major) <= NEWEST_NODE) setFlagsFromString('--semi-space-growth-factor=1');
}
