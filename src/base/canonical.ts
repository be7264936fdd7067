/**
 * Turns values that are equal into one object, so that what was worked out about one is found again by
 * identity. Identity is only ever a shorter way to an answer: a value that was forgotten here (the table is
 * bounded) is worked out again, with the same answer.
 */

/** The proof of a nine-member cluster makes some thousands; a table that outgrows this starts anew. */
const KEPT = 20_000;

export class Canonical<T extends object> {
  readonly #byKey = new Map<string, T>();
  readonly #known = new WeakMap<T, T>();
  readonly #keyOf: (value: T) => string;

  /** Two values of one key must be equal in all that anybody asks of them. */
  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  /** The first value of this one's key. */
  one(value: T): T {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (this.#byKey.size >= KEPT) this.#byKey.clear();
    const key = this.#keyOf(value);
    const first = this.#byKey.get(key);
    if (first === undefined) this.#byKey.set(key, value);
    const one = first ?? value;
    this.#known.set(value, one);
    return one;
  }
}

/** The same for lists of objects that are one where they are equal: found by a sum, told apart by a look. */
export class CanonicalList<T extends object> {
  readonly #bySum = new Map<number, readonly T[]>();
  readonly #known = new WeakSet<readonly T[]>();

  /** The first list of the same objects in the same order. */
  one(list: readonly T[]): readonly T[] {
    if (this.#known.has(list)) return list;
    if (this.#bySum.size >= KEPT) this.#bySum.clear();
    let sum = 0;
    for (let at = 0; at < list.length; at += 1)
      sum = (sum * SPREAD + numberOf(list[at]) + at) % PRIME;
    const first = this.#bySum.get(sum);
    if (first !== undefined && isSameList(first, list)) return first;
    this.#bySum.set(sum, list);
    this.#known.add(list);
    return list;
  }
}

/** Below 2^53 when multiplied, so that every sum is a whole number. */
const SPREAD = 1_000_003;
const PRIME = 4_294_967_291;

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}

/** What was worked out from an object, which never changes, and a key is worked out once. */
export class Remembered<A extends object, K, V> {
  readonly #known = new WeakMap<A, Map<K, V>>();

  get(from: A, key: K, workOut: () => V): V {
    let known = this.#known.get(from);
    if (known === undefined) {
      known = new Map();
      this.#known.set(from, known);
    }
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = workOut();
    known.set(key, value);
    return value;
  }
}

let lastNumber = 0;
const NUMBERS = new WeakMap<object, number>();

/** Another number for each object, always the same for one; 0 for none. */
export function numberOf(part: object | undefined): number {
  if (part === undefined) return 0;
  const known = NUMBERS.get(part);
  if (known !== undefined) return known;
  lastNumber += 1;
  NUMBERS.set(part, lastNumber);
  return lastNumber;
}
