/** configure-member and record-cluster: settings edited in place, or the kept original put back. */

import type { MemberName } from '../../model/ids.ts';
import { type RunState, backupPathOf, digestsOfOurs } from '../../model/run-state.ts';
import type { SettingChange } from '../../model/settings.ts';
import type { ConfigureMember, RecordCluster } from '../../model/step.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, doorsOf, failedBy, trouble } from './context.ts';
import { settle } from './settle.ts';

export function configureMember(hands: Hands, step: ConfigureMember): Promise<Answer> {
  return settle(hands, step.member, () => configure(hands, step));
}

async function configure(hands: Hands, step: ConfigureMember): Promise<Answer> {
  if (step.restoresOriginal) {
    const restored = await restoreOriginal(hands, step.member);
    if (restored !== undefined) return restored;
  }
  return writeSettings(hands, step.member, step.changes);
}

export function recordCluster(hands: Hands, step: RecordCluster): Promise<Answer> {
  return settle(hands, step.member, () => writeSettings(hands, step.member, step.changes));
}

/** Undefined when the file is not the one that we wrote: then only our settings are reverted. */
async function restoreOriginal(hands: Hands, member: MemberName): Promise<Answer | undefined> {
  const state = hands.doors.journal.state();
  const backupPath = backupPathOf(state, member);
  const { config } = doorsOf(hands, member);
  const file = await config.read();
  if (!file.ok) return failedBy({ ...file.error, where: hands.where });
  if (backupPath === undefined || !digestsOfOurs(state, member).includes(file.value.digest)) {
    await hands.doors.journal.write({
      type: 'noted',
      what: `${file.value.path} was changed by someone else since; only our own settings are reverted`,
    });
    return undefined;
  }
  const restored = await config.restore(backupPath, file.value.digest);
  if (!restored.ok) return failedBy({ ...restored.error, where: hands.where });
  return done({ kind: 'config-written', member, digest: restored.value.digest, backupPath });
}

async function writeSettings(
  hands: Hands,
  member: MemberName,
  changes: readonly SettingChange[],
): Promise<Answer> {
  const { config } = doorsOf(hands, member);
  const file = await config.read();
  if (!file.ok) return failedBy({ ...file.error, where: hands.where });
  const moved = changes.filter((change) => file.value.settings[change.flag] !== change.from);
  const isThere = changes.every((change) => file.value.settings[change.flag] === change.to);
  if (moved.length > 0 && !isThere) {
    const list = moved.map(
      (change) =>
        `${change.flag} is ${file.value.settings[change.flag] ?? 'not set'}, expected ${change.from ?? 'not set'}`,
    );
    return failedBy(
      trouble(hands, {
        code: 'STALE_WORLD',
        would: `write ${String(changes.length)} settings of ${member}`,
        but: `${file.value.path} changed since it was read: ${list.join('; ')}`,
        so: 'the file is left as it is',
        remedy: 'find out what edits this file (configuration management?), then peershift resume',
      }),
    );
  }
  const state = hands.doors.journal.state();
  const written = await config.write({
    changes,
    expectDigest: file.value.digest,
    backupSuffix: state.run ?? 'run',
  });
  if (!written.ok) return failedBy({ ...written.error, where: hands.where });
  const others = hasOthers(state, member, file.value.digest) ? { hasOthers: true as const } : {};
  return done({ kind: 'config-written', member, ...written.value, ...others });
}

/** What was there before the write was neither the start nor what this run had written. */
/** Does a file with this digest hold what somebody else wrote since the run began? */
export function hasOthers(state: RunState, member: MemberName, digest: string): boolean {
  const isStartKnown = state.start.some((each) => each.name === member && each.configDigest !== '');
  return isStartKnown && !digestsOfOurs(state, member).includes(digest);
}
