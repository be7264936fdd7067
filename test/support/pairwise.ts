/** Turns combinations of choices into few of them in which each two choices still meet. */

const STRIDE = 83;

/** Greedy, always the same for the same input; each result stands in `all`. */
export function pairwise<T extends object>(all: readonly T[]): readonly T[] {
  const missing = new Set(all.flatMap(pairsOf));
  const chosen: T[] = [];
  while (missing.size > 0) {
    // From another place each time: what gains nothing more is left to chance, not to the first choice of each kind.
    const from = (chosen.length * STRIDE) % all.length;
    let [best, most] = [all[0], 0];
    for (const each of [...all.slice(from), ...all.slice(0, from)]) {
      const gain = pairsOf(each).filter((pair) => missing.has(pair)).length;
      if (gain > most) [best, most] = [each, gain];
    }
    if (best === undefined) break;
    chosen.push(best);
    for (const pair of pairsOf(best)) missing.delete(pair);
  }
  return chosen;
}

function pairsOf(choices: object): readonly string[] {
  const each = Object.entries(choices).map(([key, value]) => `${key}=${String(value)}`);
  return each.flatMap((one, at) => each.slice(at + 1).map((other) => `${one} ${other}`));
}
