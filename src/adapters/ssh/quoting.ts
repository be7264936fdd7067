/** Turns an argv into the one line that ssh carries: every word is data to the shell at the other end. */

/** Words of these are the same with and without quotes, in every shell. */
const PLAIN = /^[A-Za-z0-9_/:.,+@%-]+$/;

/** For a POSIX shell; words must not hold NUL, which no command can be given. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quoted).join(' ');
}

function quoted(word: string): string {
  if (PLAIN.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
