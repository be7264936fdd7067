/** Turns a host into the same host with its files by the paths that a container sees them under. */

import type { Host } from '../../ports.ts';
import type { Mount } from './container.ts';
import { type Engine, inspect } from './engine.ts';
import { hostPathOf } from './mounts.ts';

/**
 * A path that lies in one of the container's mounts is read and written where that comes from; any other is the
 * host's own, as a folder is that the next container gets under its own name. Commands are left as they are.
 */
export function containerHost(engine: Engine, name: string): Host {
  const { host } = engine;
  let mounts: readonly Mount[] | undefined;
  const at = async (path: string): Promise<string> => {
    if (mounts === undefined) {
      const found = await inspect(engine, name);
      mounts = found.ok ? found.value?.mounts : undefined;
    }
    return hostPathOf(mounts ?? [], path) ?? path;
  };
  return {
    label: host.label,
    exec: (argv, options) => host.exec(argv, options),
    readFile: async (path) => await host.readFile(await at(path)),
    readRange: async (path, offset, maxBytes) =>
      await host.readRange(await at(path), offset, maxBytes),
    writeFile: async (path, bytes, options) => await host.writeFile(await at(path), bytes, options),
    removeFile: async (path) => await host.removeFile(await at(path)),
    process: (pid) => host.process(pid),
    isReadableBy: async (path, uid, gid) => await host.isReadableBy(await at(path), uid, gid),
    sourceAddressTo: (target) => host.sourceAddressTo(target),
    commandsMarked: (marker) => host.commandsMarked(marker),
    ownerIds: (owner, group) => host.ownerIds(owner, group),
    close: () => host.close(),
  };
}
