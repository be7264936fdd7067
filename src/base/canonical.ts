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
