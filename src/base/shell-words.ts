/** Turns words into one line that a POSIX shell reads as exactly these words. */

export function words(argv: readonly string[]): string {
  return argv
    .map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

const PLAIN = /^[A-Za-z0-9_./:=@%+,-]+$/u;
