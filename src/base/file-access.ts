/** Turns owners and mode bits along a path into "this user can read it", as the kernel judges it. */

export interface Reader {
  readonly uid: number;
  /** The primary group and all others. */
  readonly groups: readonly number[];
}

export interface Permissions {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const READ = 4;
const SEARCH = 1;

/** Root reads everything; anyone else needs search on every folder and read on the file. */
export function mayRead(
  reader: Reader,
  folders: readonly Permissions[],
  file: Permissions,
): boolean {
  if (reader.uid === 0) return true;
  return folders.every((folder) => allows(folder, reader, SEARCH)) && allows(file, reader, READ);
}

/** The first class that fits decides alone: an owner without the bit is not helped by the group's. */
function allows(permissions: Permissions, reader: Reader, bit: number): boolean {
  if (permissions.uid === reader.uid) return (permissions.mode & (bit << 6)) !== 0;
  if (reader.groups.includes(permissions.gid)) return (permissions.mode & (bit << 3)) !== 0;
  return (permissions.mode & bit) !== 0;
}
