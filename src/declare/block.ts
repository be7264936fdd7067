/** Turns a block under `defaults` and the same block of a member into one, key by key or whole. */

import type { Context } from './context.ts';
import type { Path } from './finding.ts';

/** A merged block that remembers which of the two places each key came from. */
export interface Block<T> {
  readonly value: Partial<T>;
  /** Where a key stands, or the mapping where it is missing. */
  pathOf(key: keyof T & string): Path;
}

/**
 * The block of member `index`: its own keys over those of `defaults`. A block whose `kindKey` names
 * another kind replaces the default block whole. Undefined: what decides was wrong and is reported.
 */
export function mergedBlock<T extends object>(
  context: Context,
  input: {
    readonly name: string;
    readonly index: number;
    /** The key that names the transport, manager or format, and its kind when nobody names one. */
    readonly kind: { readonly key: keyof T & string; readonly default: string } | undefined;
    readonly defaults: T | undefined;
    readonly own: T | undefined;
  },
): Block<T> | undefined {
  const { name, index, kind, defaults, own } = input;
  const ownPath: Path = ['members', index, name];
  const defaultsPath: Path = ['defaults', name];
  const isOwnBroken = own === undefined && context.has(ownPath);
  const isDefaultBroken = defaults === undefined && context.has(defaultsPath);
  if (isOwnBroken || isDefaultBroken) return undefined;
  let below = defaults;
  if (kind !== undefined) {
    const ownKind = own?.[kind.key];
    const defaultKind = defaults?.[kind.key];
    const isOwnKindBroken = ownKind === undefined && context.has([...ownPath, kind.key]);
    const isDefaultKindBroken =
      ownKind === undefined &&
      defaultKind === undefined &&
      context.has([...defaultsPath, kind.key]);
    if (isOwnKindBroken || isDefaultKindBroken) return undefined;
    if (ownKind !== undefined && ownKind !== (defaultKind ?? kind.default)) below = undefined;
  }
  const value = { ...below, ...own } as Partial<T>;
  return {
    value,
    pathOf: (key) => {
      const isOwn = context.has([...ownPath, key]);
      const isDefault = !isOwn && below !== undefined && context.has([...defaultsPath, key]);
      return isDefault ? [...defaultsPath, key] : [...ownPath, key];
    },
  };
}

/** Reports each key that belongs to another kind of block than this one. */
export function refuseKeys<T extends object>(
  context: Context,
  block: Block<T>,
  input: {
    readonly allowed: readonly (keyof T & string)[];
    /** `transport: local`. */
    readonly kind: string;
  },
): void {
  for (const key of Object.keys(block.value) as (keyof T & string)[]) {
    if (block.value[key] === undefined || input.allowed.includes(key)) continue;
    const message = `${key} means nothing with ${input.kind}`;
    context.problem(block.pathOf(key), message, `the keys here are ${input.allowed.join(', ')}`);
  }
}
