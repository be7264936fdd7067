/** Turns a static pod's manifest into a MemberConfig whose edits wait beside the kubelet's folder. */

import type { Host, MemberConfig } from '../../ports.ts';
import { fileConfig } from './file-config.ts';
import { editPod, readPod } from './pod-edit.ts';

/**
 * What is read is what the next start will use: the manifest that waits aside, else the one that the kubelet
 * has. What is written waits, and so does the kept original: the kubelet acts at once on every file of its
 * folder, and a write is not yet a restart. The service moves it in; see `staticPodService`.
 */
export function podConfig(host: Host, aside: string, manifest: string): MemberConfig {
  const either: Host = {
    ...host,
    readFile: async (path) => {
      const file = await host.readFile(path);
      if (path !== aside || !file.ok || file.value !== undefined) return file;
      return host.readFile(manifest);
    },
  };
  return fileConfig(either, aside, { read: readPod, edit: editPod });
}
