/** Turns a seed into numbers that look like chance, and are the same ones each time. */

/** Numbers in [0, 1), by mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** In an order drawn by the seed, so that any beginning of it is a fair sample. */
export function shuffled<T>(all: readonly T[], seed: number): readonly T[] {
  const rest = [...all];
  const random = randomOf(seed);
  return all.map(() => {
    const [one] = rest.splice(Math.floor(random() * rest.length), 1);
    if (one === undefined) throw new Error('as many are drawn as there are');
    return one;
  });
}
