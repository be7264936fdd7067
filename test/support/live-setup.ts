/** Turns "an etcd somewhere on this machine" into PEERSHIFT_ETCD, once, before the live suites. */

import { findEtcd } from '../../src/lab/etcd-binary.ts';

export default async function setUpLiveSuites(): Promise<void> {
  const found = await findEtcd();
  if (found.ok) {
    process.env.PEERSHIFT_ETCD = found.value.path;
    process.stdout.write(
      `live suites use etcd ${found.value.version} (${found.value.origin}): ${found.value.path}\n`,
    );
    return;
  }
  // Not thrown here: that would take the fast suites' results away too. See live-guard.ts.
  const { code, but, remedy } = found.error;
  process.env.PEERSHIFT_ETCD_MISSING = `${code}: ${but}; ${remedy}`;
}
