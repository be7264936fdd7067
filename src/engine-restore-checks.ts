/** Turns members of which a new cluster is to be made into every reason not to, before anything is stopped. */

import { present } from './base/assert.ts';
import type { DeadLook } from './engine-rescue-look.ts';
import type { Rim } from './engine-types.ts';
import type { Failure } from './model/failure.ts';
import type { MemberName } from './model/ids.ts';
import { isAtLeast } from './model/version.ts';
import { memberOf } from './model/world.ts';
import type { RestoreWords } from './plan/plan-restore.ts';

/** From here on etcd has no store of the v2 API. */
const WITHOUT_V2 = '3.6.0';

/** On every host at once; empty when it can be done. */
export async function restoreRefusals(
  rim: Rim,
  look: DeadLook,
  words: RestoreWords,
): Promise<readonly Failure[]> {
  const plain = words.members.flatMap((name) => plainRefusal(rim, look, words, name));
  if (plain.length > 0) return plain;
  const found = await Promise.all([
    ...words.members.map((name) => withoutProgram(rim, look, name)),
    ...words.witnesses.map((name) => withV2Keys(rim, look, words, name)),
  ]);
  return found.flat();
}

function plainRefusal(
  rim: Rim,
  { world, lost, emptied }: DeadLook,
  { folders }: RestoreWords,
  name: MemberName,
): readonly Failure[] {
  const { settings } = memberOf(world, name).disk;
  const manager = rim.desired.members.find((each) => each.name === name)?.service.manager;
  const reason = lost.get(name);
  if (reason !== undefined && !emptied.has(name)) {
    return [restoreFailure(`${name} cannot be seen: ${reason}`, 'make its host reachable')];
  }
  if (manager !== 'systemd' && manager !== 'command') {
    const but = `${name} runs under ${manager ?? 'nothing'}: where its data are when it is stopped is not known on the host`;
    return [restoreFailure(but, BY_HAND)];
  }
  if (folders[name]?.startsWith('/') !== true) {
    return [restoreFailure(`${name} has no absolute data-dir in its settings`, BY_HAND)];
  }
  if (settings['wal-dir'] === undefined) return [];
  return [restoreFailure(`${name} keeps its log in a folder of its own (wal-dir)`, BY_HAND)];
}

async function withoutProgram(
  { doors, dataRestorer }: Rim,
  { world }: DeadLook,
  name: MemberName,
): Promise<readonly Failure[]> {
  const { host } = present(doors.get(name), `doors of ${name}`);
  const { version } = memberOf(world, name);
  const found = await dataRestorer.restorer(host, version);
  if (found.known) return [];
  return [restoreFailure(`${name}: ${found.reason}`, `install it there (etcd ${version})`)];
}

async function withV2Keys(
  { doors, dataRestorer }: Rim,
  { world }: DeadLook,
  { folders }: RestoreWords,
  name: MemberName,
): Promise<readonly Failure[]> {
  if (isAtLeast(memberOf(world, name).version, WITHOUT_V2)) return [];
  const { host } = present(doors.get(name), `doors of ${name}`);
  const folder = folders[name] ?? '';
  const holds = await dataRestorer.holdsV2Keys(host, folder);
  if (holds.known && !holds.value) return [];
  return [
    {
      code: 'V2_KEYS_PRESENT',
      where: `${folder} on ${host.label}`,
      would: 'make a new cluster from the database of one member',
      but: holds.known
        ? `keys of the v2 API stand in the data of ${name}, or were written lately`
        : `whether keys of the v2 API stand in the data of ${name} cannot be told: ${holds.reason}`,
      so: 'a database does not carry them, so they would be lost; nothing was changed',
      remedy:
        'see what there is: start this one member alone on a copy of its data with --force-new-cluster and --enable-v2, and read /v2/keys?recursive=true; carry it over by hand, then go by the procedure of peershift rescue',
    },
  ];
}

const BY_HAND = 'go by the procedure that peershift rescue prints for this very state';

export function restoreFailure(but: string, remedy: string): Failure {
  return {
    code: 'RESTORE_REFUSED',
    where: 'rescue --restore-from',
    would: 'make a new cluster from the database of one member',
    but,
    so: 'nothing was changed',
    remedy,
  };
}
