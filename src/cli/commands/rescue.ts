/** rescue: a cluster without quorum, brought back by the smallest change on hosts; else the procedure by hand. */

import { rescueCluster } from '../../engine-rescue.ts';
import { type RunFlags, execute } from './run.ts';

export interface RescueFlags extends RunFlags {
  readonly rescueWith?: 'auto-tls' | undefined;
  readonly restoreFrom?: string | undefined;
}

export async function rescue(planFile: string, flags: RescueFlags): Promise<number> {
  const allowsAutoTls = flags.rescueWith === 'auto-tls';
  const { restoreFrom } = flags;
  return execute(planFile, flags, (commanded) => {
    return rescueCluster({ ...commanded, allowsAutoTls, restoreFrom });
  });
}
