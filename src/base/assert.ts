/** Turns a broken expectation into a thrown bug: what is thrown here is never the user's fault. */

export class Bug extends Error {
  override readonly name = 'Bug';
}

export function assert(condition: unknown, what: string): asserts condition {
  if (condition === false || condition === undefined || condition === null) {
    throw new Bug(what);
  }
}

/** The value, or a bug when it is not there: for what the code itself has put in place. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Bug(`missing: ${what}`);
  return value;
}

/** The end of each switch over a union: a new case breaks the build here. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable case: ${JSON.stringify(value)}`);
}
