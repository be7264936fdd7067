/** Turns what sh and coreutils complain about into the words that a person reads. */

/** The C library's English, and the words and codes that local trouble is told in. */
const WORDS: readonly (readonly [string, string])[] = [
  ['Permission denied', 'permission denied (EACCES)'],
  ['Disk quota exceeded', 'the disk quota is used up (EDQUOT)'],
  ['File exists', 'it exists already (EEXIST)'],
  ['Input/output error', 'the disk gave an input/output error (EIO)'],
  ['Is a directory', 'it is a folder (EISDIR)'],
  ['Too many levels of symbolic links', 'its symbolic links go round in a circle (ELOOP)'],
  ['No such file or directory', 'no such file or folder (ENOENT)'],
  ['No space left on device', 'the disk is full (ENOSPC)'],
  ['Not a directory', 'a part of the path is not a folder (ENOTDIR)'],
  ['Operation not permitted', 'operation not permitted (EPERM)'],
  ['Read-only file system', 'the file system is read-only (EROFS)'],
];

/** The last line that was said. */
export function systemWords(said: string): string {
  const last = said.trim().split('\n').at(-1) ?? '';
  const found = WORDS.find(([english]) => last.endsWith(english));
  if (found !== undefined) return found[1];
  return last === '' ? 'it failed without a word' : last;
}

/** No such file; a part of the path that is no folder is trouble. */
export function isMissing(said: string): boolean {
  return said.trim().endsWith('No such file or directory');
}
