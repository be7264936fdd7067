/** Turns the lines of a pod's log file into what the container has written. */

/** `2026-01-02T03:04:05.6Z stderr F words`; P: the line goes on in the next one. */
const CRI = /^\S+ (?:stdout|stderr) ([FP])(?:[^ ]*) (.*)$/;

/** Lines of containerd and CRI-O, of Docker's json-file, or as they are; parts of a line are put together. */
export function containerLines(lines: readonly string[]): readonly string[] {
  const whole: string[] = [];
  let part = '';
  for (const line of lines) {
    const [, mark, words] = CRI.exec(line) ?? [];
    if (mark === 'P') {
      part += words ?? '';
    } else {
      whole.push(part + (words ?? jsonLine(line)));
      part = '';
    }
  }
  return part === '' ? whole : [...whole, part];
}

function jsonLine(line: string): string {
  if (!line.startsWith('{"log":')) return line;
  try {
    const parsed = JSON.parse(line) as { readonly log?: unknown };
    return typeof parsed.log === 'string' ? parsed.log.replace(/\n$/, '') : line;
  } catch {
    return line;
  }
}
