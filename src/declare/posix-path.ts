/** Turns a path that a person wrote into an absolute posix path, without asking any file system. */

/** `path` seen from `folder` (absolute), with `.`, `..` and doubled slashes taken out. */
export function resolvePath(folder: string, path: string): string {
  const whole = path.startsWith('/') ? path : `${folder}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
