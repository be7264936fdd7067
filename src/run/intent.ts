/**
 * Turns the intent that a dead process left open into the effects that can be seen of it: what it wrote
 * and could not record must be known, or the way back would leave it there.
 */

import { sha256 } from '../base/digest.ts';
import type { MemberName } from '../model/ids.ts';
import type { Effect } from '../model/journal.ts';
import { type RunState, backupPathOf, digestsOfOurs } from '../model/run-state.ts';
import type { ConfigureMember, InstallCertificates, RecordCluster } from '../model/step.ts';
import type { ConfigFile, Host, MemberDoors } from '../ports.ts';

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
  const of = doors.get(member);
  const file = await of?.config.read();
  if (of === undefined || file?.ok !== true) return [];
  const { path, settings, digest } = file.value;
  if (changes.some(({ flag, to }) => settings[flag] !== to)) return [];
  const backupPath = backupPathOf(state, member) ?? `${path}.peershift-${state.run ?? ''}`;
  const known = digestsOfOurs(state, member);
  const isOurs = await isOursAlone({ of, file: file.value, changes, backupPath, known });
  const others = isOurs ? {} : { hasOthers: true as const };
  return [{ kind: 'config-written', member, digest, backupPath, ...others }];
}

interface Found {
  readonly of: MemberDoors;
  readonly file: ConfigFile;
  readonly changes: ConfigureMember['changes'];
  readonly backupPath: string;
  /** Digests of the start and of what this run is known to have written. */
  readonly known: readonly string[];
}

/** Somebody may have edited the file since: without our changes, or with them in the original, it is the known one. */
async function isOursAlone({ of, file, changes, backupPath, known }: Found): Promise<boolean> {
  // Where a unit and its drop-ins make the settings no single text has the digest.
  if (sha256(file.text) !== file.digest) return true;
  const undone = changes.map(({ flag, from, to }) => ({ flag, from: to, to: from }));
  const without = of.config.edited(file, undone);
  if (without.ok && known.includes(sha256(without.value))) return true;
  const kept = await of.host.readFile(backupPath);
  if (!kept.ok || kept.value === undefined || !known.includes(sha256(kept.value.bytes)))
    return false;
  const original = { ...file, text: new TextDecoder().decode(kept.value.bytes) };
  const again = of.config.edited(original, changes);
  return again.ok && again.value === file.text;
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
