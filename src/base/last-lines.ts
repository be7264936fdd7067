/** Turns long output into its last lines, each from its beginning: a line that begins in the middle says nothing. */

/** Enough for a refusal of etcd in either format; what comes behind it is a stack trace. */
const LINE_CHARACTERS = 300;

/** The last lines that together fit so many characters, the last one always; a long one is cut at its end. */
export function lastLines(text: string, characters: number): readonly string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const kept: string[] = [];
  let left = characters;
  for (const line of lines.reverse()) {
    const shown = line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)} ...` : line;
    if (kept.length > 0 && shown.length > left) break;
    kept.unshift(shown);
    left -= shown.length;
  }
  return kept;
}
