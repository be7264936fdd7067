/**
 * Turns the intent that a dead process left open into the effects that can be seen of it: what it wrote
 * and could not record must be known, or the way back would leave it there.
 */

import { sha256 } from '../base/digest.ts';
import type { MemberName } from '../model/ids.ts';
import type { Effect } from '../model/journal.ts';
import { type RunState, backupPathOf } from '../model/run-state.ts';
import type { ConfigureMember, InstallCertificates, RecordCluster } from '../model/step.ts';
import type { Host, MemberDoors } from '../ports.ts';

export interface IntentDoors {
  readonly doors: ReadonlyMap<MemberName, MemberDoors>;
  /** The operator's machine. */
  readonly here: Host;
}

/** Only reads. What cannot be read now counts as not done: the same step will be planned again. */
export async function effectsOfIntent(
  doors: IntentDoors,
  state: RunState,
): Promise<readonly Effect[]> {
  const step = state.steps.find(({ id }) => id === state.openIntent);
  switch (step?.kind) {
    case 'configure-member':
    case 'record-cluster':
      return writtenConfig(doors, state, step);
    case 'install-certificates':
      return installedSoFar(doors, step);
    default:
      return [];
  }
}

/** One rename makes the whole edit, so the file has all of the changes or none. */
async function writtenConfig(
  { doors }: IntentDoors,
  state: RunState,
  { member, changes }: ConfigureMember | RecordCluster,
): Promise<readonly Effect[]> {
  const file = await doors.get(member)?.config.read();
  if (file?.ok !== true) return [];
  const { path, settings, digest } = file.value;
  if (changes.some(({ flag, to }) => settings[flag] !== to)) return [];
  const backupPath = backupPathOf(state, member) ?? `${path}.peershift-${state.run ?? ''}`;
  return [{ kind: 'config-written', member, digest, backupPath }];
}

async function installedSoFar(
  { doors, here }: IntentDoors,
  { member, files }: InstallCertificates,
): Promise<readonly Effect[]> {
  const effects = files.map(async ({ path, source }): Promise<readonly Effect[]> => {
    const [made, there] = await Promise.all([
      here.readFile(source),
      doors.get(member)?.host.readFile(path),
    ]);
    if (!made.ok || made.value === undefined) return [];
    if (there?.ok !== true || there.value === undefined) return [];
    const digest = sha256(there.value.bytes);
    if (digest !== sha256(made.value.bytes)) return [];
    return [{ kind: 'file-installed', member, path, digest }];
  });
  return (await Promise.all(effects)).flat();
}
