/** Turns a path as a container sees it into the path on its host. */

import type { Mount } from './container.ts';

/** Undefined: the path is in the image itself, or in memory. */
export function hostPathOf(mounts: readonly Mount[], path: string): string | undefined {
  const mount = mountAt(mounts, path);
  if (mount === undefined || mount.source === '' || mount.type === 'tmpfs') return undefined;
  const rest = path.slice(mount.destination.replace(/\/$/, '').length);
  return `${mount.source.replace(/\/$/, '')}${rest}`;
}

export function isVisible(mounts: readonly Mount[], path: string): boolean {
  return hostPathOf(mounts, path) !== undefined;
}

/** The longest one that the path lies in. */
function mountAt(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts
    .filter(({ destination }) => {
      const folder = destination.replace(/\/$/, '');
      return path === folder || path.startsWith(`${folder}/`);
    })
    .sort((a, b) => b.destination.length - a.destination.length)[0];
}
