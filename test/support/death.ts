/**
 * Turns a line of the journal into the death of the command that writes it: SIGKILL by its own hand, right
 * before the line is written or right after it is on the disk. Nothing of it is in the product.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Death {
  readonly side: 'before' | 'after';
  /** Of those that this process writes, from 1. */
  readonly line: number;
}

/** Only appends open the journal by numbers for flags, once for each line. */
const PRELOAD = `import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [side, line] = (process.env.DIE_AT_LINE ?? '').split(' ');
const { open } = files;
let lines = 0;
const die = () => process.kill(process.pid, 'SIGKILL');
files.open = async (path, flags, ...rest) => {
  const isAppend = String(path).endsWith('/journal.jsonl') && typeof flags === 'number';
  if (isAppend) lines += 1;
  const isHere = isAppend && lines === Number(line);
  if (isHere && side === 'before') die();
  const file = await open(path, flags, ...rest);
  if (isHere) {
    const sync = file.sync.bind(file);
    file.sync = () => sync().then(die);
  }
  return file;
};
syncBuiltinESMExports();
`;

/** The environment in which the command dies so; the folder takes a small file. */
export function dyingAt(folder: string, { side, line }: Death): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'death.mjs');
  writeFileSync(file, PRELOAD);
  return {
    NODE_OPTIONS: `--import=${pathToFileURL(file).href}`,
    DIE_AT_LINE: `${side} ${String(line)}`,
  };
}
