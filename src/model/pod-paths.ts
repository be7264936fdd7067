/** Turns the path of a static pod's manifest into where its next text waits until the member is restarted. */

/** Beside the kubelet's folder, not in it: there each file is a pod. As a rule on the same file system. */
export function asideOf(manifest: string): string {
  const folder = folderOf(manifest);
  return `${folderOf(folder)}/peershift${manifest.slice(folder.length)}`;
}

export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
