/** Turns etcd version texts into an order. */

/** Is `version` the same as or newer than `floor`, both like 3.4.23 (a suffix like -rc.1 is ignored)? */
export function isAtLeast(version: string, floor: string): boolean {
  const [a, b] = [numbers(version), numbers(floor)];
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): readonly number[] {
  return version.split('-')[0]?.split('.').map(Number) ?? [];
}
