/** Failures that a host has whichever way it is reached. */

import type { Failure } from './failure.ts';

export function hostFileFailure(label: string, would: string, but: string): Failure {
  return {
    code: 'HOST_FILE_FAILED',
    where: `host ${label}`,
    would,
    but,
    so: 'the file is as it was before',
    remedy: `check the path, its permissions and the free space on ${label}, then run peershift again`,
  };
}
