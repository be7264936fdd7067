/** Turns a lab into the world that peershift itself makes of it: plan file, doors, discover, model. */

import { readFile } from 'node:fs/promises';

import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import type { Result } from '../../src/base/result.ts';
import { err } from '../../src/base/result.ts';
import { compose } from '../../src/compose.ts';
import { declare } from '../../src/declare/declare.ts';
import type { Rim } from '../../src/engine-types.ts';
import { observe } from '../../src/engine.ts';
import type { Lab } from '../../src/lab/lab-folder.ts';
import type { Failure } from '../../src/model/failure.ts';
import { worldOf } from '../../src/model/observed-world.ts';
import type { World } from '../../src/model/world.ts';
import { value } from './etcd-calls.ts';

/** A member that hangs on its client port is asked several times in one look. */
const CALL_MS = 2500;

export interface LabEyes {
  look(): Promise<Result<World, readonly Failure[]>>;
  close(): Promise<void>;
}

/** With source addresses as they are discovered, not as the lab's plan file gives them. */
export async function openEyes(lab: Lab): Promise<LabEyes> {
  const written = await readFile(lab.planFile, 'utf8');
  const text = written.replaceAll(/^ *sourceAddresses: .*\n/gm, '');
  const desired = declare(text, lab.planFile, { baseDir: lab.dir, homeDir: lab.dir });
  const composed = value(
    await compose({ desired: value(desired), stateDirectory: undefined, environment: {} }),
  );
  const rim: Rim = { ...composed, openEtcd: makeOpenEtcd({ callMs: CALL_MS }) };
  return {
    look: async () => {
      const seen = await observe(rim);
      if (!seen.ok) return err(seen.error);
      for (const etcd of seen.value.etcd.values()) etcd.close();
      return worldOf(seen.value.state);
    },
    close: () => composed.close(),
  };
}
