/** Turns any text into one word of sh, of an env-file or of YAML. */

/** One sh word: bare when nothing in it means anything to sh, else in single quotes. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The value of an env-file line, read alike by sh (`. file`) and systemd: bare or double-quoted. */
export function envFileValue(text: string): string {
  if (/^[\w@%+:,./-]+$/.test(text)) return text;
  return `"${text.replace(/["\\$`]/g, (character) => `\\${character}`)}"`;
}

/** A YAML scalar: plain when it can only be read as that text, else double-quoted as JSON is. */
export function yamlText(text: string): string {
  return /^[a-zA-Z/][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
