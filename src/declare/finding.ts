/** A mistake before it has a line and a column: where in the text, which key, and what to write instead. */

/** From the top of the plan file: `['members', 0, 'host', 'port']`. */
export type Path = readonly (string | number)[];

export interface Finding {
  /** Into the text, in UTF-16 units. */
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
  readonly hint: string | undefined;
  /** What stands around it can be read all the same. */
  readonly isHarmless?: boolean;
}

/** `members[0].host.port`, as messages name a key. */
export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${String(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}
