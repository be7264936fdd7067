/** Turns an ssh account on a machine into a Host: sh and coreutils there, nothing installed. */

import type { Host } from '../../ports.ts';
import { execOnHost } from './exec.ts';
import {
  hostCommandsMarked,
  hostOwnerIds,
  hostProcess,
  hostReadable,
  hostSourceAddress,
} from './facts.ts';
import { readHostFile, readHostRange, removeHostFile, writeHostFile } from './files.ts';
import type { Account } from './talk.ts';

/** Closing it is the business of whoever opened its connection. */
export function sshHost(account: Account): Host {
  return {
    label: account.label,
    exec: (argv, options) => execOnHost(account, argv, options),
    readFile: (path) => readHostFile(account, path),
    readRange: (path, offset, maxBytes) => readHostRange(account, path, offset, maxBytes),
    writeFile: (path, bytes, options) => writeHostFile(account, path, bytes, options),
    removeFile: (path) => removeHostFile(account, path),
    process: (pid) => hostProcess(account, pid),
    isReadableBy: (path, uid, gid) => hostReadable(account, path, uid, gid),
    sourceAddressTo: (target) => hostSourceAddress(account, target),
    commandsMarked: (marker) => hostCommandsMarked(account, marker),
    ownerIds: (owner, group) => hostOwnerIds(account, owner, group),
    close: () => account.connection.close(),
  };
}
