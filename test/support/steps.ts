/** Turns the part of a step that matters to a test into a whole one. */

import type { Step } from '../../src/model/step.ts';

type WithoutBase<S> = S extends Step
  ? Omit<S, 'id' | 'phase' | 'group' | 'why' | 'after'> & { readonly kind: S['kind'] }
  : never;

export function stepOf<K extends Step['kind']>(
  what: Extract<WithoutBase<Step>, { kind: K }>,
  base: Partial<Pick<Step, 'phase' | 'group' | 'after'>> = {},
): Extract<Step, { kind: K }> {
  const rest = { id: `${what.kind}/test`, phase: 'members', group: undefined, after: undefined };
  return { ...rest, why: 'for a test', ...base, ...what } as unknown as Extract<Step, { kind: K }>;
}
