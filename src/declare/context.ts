/** What every part of the reader needs: the folders, what was written, and a place to put findings. */

import { type Path, pathText } from './finding.ts';
import { resolvePath } from './posix-path.ts';

export interface Context {
  /** Folder of the plan file, absolute. */
  readonly baseDir: string;
  readonly homeDir: string;
  readonly planFile: string;
  /** Was something written under this path, right or wrong? */
  has(path: Path): boolean;
  /** Is the shape of something under this path wrong? Then nothing follows from the rest of it. */
  isWrong(path: Path): boolean;
  /** Reports a mistake at what stands under the path, or at the mapping where it is missing. */
  problem(path: Path, message: string, hint: string): void;
}

/** A path on the operator's machine, absolute; undefined when it is reported. */
export function operatorPath(
  context: Context,
  path: Path,
  text: string | undefined,
): string | undefined {
  if (text === undefined) return undefined;
  if (text.startsWith('~')) {
    const message = `${pathText(path)} begins with ~, which only identityFile and agent may`;
    context.problem(path, message, 'write the whole path, or one relative to the plan file');
    return undefined;
  }
  return resolvePath(context.baseDir, text);
}

/** A path that ssh reads: `~/` is the home folder. */
export function sshPath(context: Context, path: Path, text: string): string | undefined {
  if (text === '~' || text.startsWith('~/'))
    return resolvePath(context.homeDir, `.${text.slice(1)}`);
  return operatorPath(context, path, text);
}

/** A path on a member's host; relative ones mean something only where that is this machine. */
export function hostPath(
  context: Context,
  path: Path,
  text: string,
  isLocal: boolean,
): string | undefined {
  if (isLocal) return operatorPath(context, path, text);
  if (text.startsWith('/')) return resolvePath('/', text);
  const message = `${pathText(path)} must be an absolute path: it is a path on the host`;
  context.problem(path, message, 'begin it with "/"');
  return undefined;
}
