/** Turns the folder of a log file into the files that rotation has made of it, the oldest first. */

import { type Result, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Host } from '../../ports.ts';

export interface RotatedFile {
  readonly path: string;
  readonly isCompressed: boolean;
}

/** A folder is listed in moments; a host that hangs is told by its other commands too. */
const LIST_DEADLINE_MS = 10_000;
/** More than a log is ever kept in: what is older than these was read long ago. */
const FILES_KEPT = 50;

/**
 * `etcd.log.1` is newer than `etcd.log.2`; `etcd.log-20261121` is older than `etcd.log-20261122`, as logrotate
 * names them, with or without an ending of a compressor. Their times tell nothing: a copy has that of its making.
 */
export async function rotatedFiles(
  host: Host,
  path: string,
): Promise<Result<readonly RotatedFile[], Failure>> {
  const at = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, at) || '/', path.slice(at + 1)];
  const pattern = `${name.replaceAll(/[[\]*?\\]/g, String.raw`\$&`)}[.-]*`;
  const argv = ['find', folder, '-maxdepth', '1', '-type', 'f', '-name', pattern];
  const found = await host.exec(argv, { deadlineMs: LIST_DEADLINE_MS });
  if (!found.ok) return found;
  const files = found.value.stdout
    .split('\n')
    .filter((line) => line.startsWith(`${folder === '/' ? '' : folder}/${name}`))
    .map((each) => ({ path: each, isCompressed: COMPRESSED.test(each), age: ageOf(each, path) }))
    .sort((a, b) => (a.age === b.age ? byText(a.path, b.path) : b.age - a.age));
  return ok(
    files.slice(-FILES_KEPT).map((file) => ({ path: file.path, isCompressed: file.isCompressed })),
  );
}

const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|Z|zip)$/;

/** The number of `.2`; a date counts as older than any number, and by its text among dates. */
function ageOf(rotated: string, path: string): number {
  const suffix = rotated.slice(path.length).replace(COMPRESSED, '');
  const number = /^\.(\d{1,4})$/.exec(suffix)?.[1];
  return number === undefined ? Number.MAX_SAFE_INTEGER : Number(number);
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
