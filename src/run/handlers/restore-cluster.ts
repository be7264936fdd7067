/** restore-cluster: all are stopped, the source is seen to be the newest, each gets its data, all are started. */

import { present } from '../../base/assert.ts';
import type { MemberName } from '../../model/ids.ts';
import type { RestoreCluster } from '../../model/step.ts';
import { memberOf } from '../../model/world.ts';
import type { DataPlace } from '../../ports.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, doorsOf, failedBy } from './context.ts';
import { halt, readLastWords } from './restart-member.ts';
import { restartTogether } from './restart-together.ts';

/** What was done before it was cut off is found done, and left as it is. */
export async function restoreCluster(hands: Hands, step: RestoreCluster): Promise<Answer> {
  for (const member of step.members) {
    const halted = await halt(hands, member);
    if (halted.kind === 'bad') return again(halted);
  }
  await readLastWords(hands, step.members);
  const reach = await newestOf(hands, step);
  if (reach.kind === 'bad') return reach;
  // The source last: until then its database is where a person would look for it.
  const ordered = [...step.members.filter((member) => member !== step.from), step.from];
  for (const member of ordered) {
    const restored = await restoreOne(hands, step, member);
    if (restored.kind === 'bad') return restored;
  }
  const started = await restartTogether(hands, { ...step, kind: 'restart-together' });
  return again(started);
}

/** The revision counts every write of a key, so of one history the higher one has all that the lower one has. */
async function newestOf(hands: Hands, step: RestoreCluster): Promise<Answer> {
  const reached = new Map<MemberName, bigint>();
  for (const member of step.witnesses) {
    const restorer = await restorerOf(hands, member);
    if (typeof restorer !== 'string') return restorer;
    const place = placeOf(hands, step, member);
    const revision = await hands.doors.dataRestorer.revision(place, restorer);
    if (!revision.ok) return failedBy({ ...revision.error, where: hands.where });
    reached.set(member, revision.value);
  }
  const own = present(reached.get(step.from), 'the revision of the source');
  const [newest] = [...reached].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0));
  const texts = [...reached].map(([member, revision]) => `${member} ${String(revision)}`);
  await note(hands, `the databases reach revision: ${texts.join(', ')}`);
  if (newest === undefined || newest[1] <= own) return done();
  return failedBy({
    code: 'RESTORE_REFUSED',
    where: hands.where,
    would: `restore all members from the database of ${step.from}`,
    but: `${newest[0]} reaches further: revision ${String(newest[1])}, ${step.from} ${String(own)}`,
    so: 'what only it has would be lost; all members are stopped, and no data were touched',
    remedy: `peershift rescue again, with --restore-from ${newest[0]}`,
  });
}

async function restoreOne(hands: Hands, step: RestoreCluster, member: MemberName): Promise<Answer> {
  const restorer = await restorerOf(hands, member);
  if (typeof restorer !== 'string') return restorer;
  const initialCluster = step.members.flatMap((name) => {
    return (step.urls[name] ?? []).map((url) => `${name}=${url}`);
  });
  const kept = await hands.doors.dataRestorer.restore(
    placeOf(hands, step, member),
    placeOf(hands, step, step.from),
    {
      restorer,
      name: member,
      initialCluster: initialCluster.join(),
      advertised: (step.urls[member] ?? []).join(),
    },
  );
  if (!kept.ok) return failedBy({ ...kept.error, where: hands.where });
  await note(hands, `${member} has the data of ${step.from}; what it had stays in ${kept.value}`);
  return done();
}

async function restorerOf(hands: Hands, member: MemberName): Promise<string | Answer> {
  const { version } = memberOf(hands.before, member);
  const { host } = doorsOf(hands, member);
  const found = await hands.doors.dataRestorer.restorer(host, version);
  if (found.known) return found.value;
  return failedBy({
    code: 'RESTORE_FAILED',
    where: hands.where,
    would: `restore the data of ${member}`,
    but: found.reason,
    so: 'all members are stopped; what they had stands in their folders, or beside',
    remedy: 'put it there, then the same peershift rescue again: it goes on from there',
  });
}

function placeOf(hands: Hands, { folders }: RestoreCluster, member: MemberName): DataPlace {
  const folder = present(folders[member], `the data folder of ${member}`);
  return { host: doorsOf(hands, member).host, folder, mark: hands.doors.marker };
}

/** In the journal at once: the step as a whole is recorded only when all of them run. */
async function note(hands: Hands, what: string): Promise<void> {
  await hands.doors.journal.write({ type: 'noted', what });
}

/** There is no way back to data that no majority has. */
function again(answer: Answer): Answer {
  if (answer.failure === undefined) return answer;
  return {
    ...answer,
    failure: {
      ...answer.failure,
      so: 'no majority runs; what each member had stands in its folder, or beside as member.before-peershift-RUN',
      remedy:
        'mend what is named above, then the same peershift rescue again: it goes on from there',
    },
  };
}
