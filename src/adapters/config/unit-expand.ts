/** Turns words of a unit into what the process gets: specifiers and variables put in (unit-printf.c, env-util.c). */

import { type Result, err, ok } from '../../base/result.ts';

export interface Expansion {
  /** `etcd@m1.service`. */
  readonly unit: string;
  /** `uname -n`; undefined: not asked for. */
  readonly hostName: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/** The text with each `%x`; the reason when one is not known here. */
export function withSpecifiers(
  text: string,
  { unit, hostName }: Expansion,
): Result<string, string> {
  const [, prefix = '', instance] = /^(.*?)(?:@(.*))?\.service$/.exec(unit) ?? [];
  const known: Readonly<Record<string, string | undefined>> = {
    '%': '%',
    n: unit,
    N: unit.replace(/\.service$/, ''),
    p: prefix,
    P: unescapedName(prefix),
    i: instance ?? '',
    I: unescapedName(instance ?? ''),
    H: hostName,
    l: hostName?.split('.')[0],
  };
  let missing: string | undefined;
  const expanded = text.replace(/%(.?)/g, (whole, letter: string) => {
    const value = known[letter];
    if (value === undefined) missing ??= whole;
    return value ?? whole;
  });
  return missing === undefined ? ok(expanded) : err(missing);
}

/** `systemd-escape --unescape`. */
function unescapedName(name: string): string {
  return name
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-f]{2})/g, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/**
 * The arguments that one word becomes: `${NAME}` in place, a word `$NAME` split at white space, `$$` a
 * dollar; an unset variable is empty. With the prefix `:` nothing of that happens.
 */
export function withVariables(
  word: string,
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  const alone = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1];
  if (alone !== undefined) return splitVariable(environment[alone] ?? '');
  const expanded = word.replace(
    /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
    (_whole, name: string | undefined) => (name === undefined ? '$' : (environment[name] ?? '')),
  );
  return [expanded];
}

/** At white space, quotes honoured. */
function splitVariable(value: string): readonly string[] {
  return [...value.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([part]) =>
    part.replace(/"([^"]*)"|'([^']*)'/g, (_whole, a?: string, b?: string) => a ?? b ?? ''),
  );
}
