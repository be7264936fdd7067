/** remove-certificates: only files that this run installed and that still are what it installed. */

import { sha256 } from '../../base/digest.ts';
import type { Effect } from '../../model/journal.ts';
import { installedFiles } from '../../model/run-state.ts';
import type { RemoveCertificates } from '../../model/step.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, doorsOf, failedBy } from './context.ts';
import { settle } from './settle.ts';

export function removeCertificates(hands: Hands, step: RemoveCertificates): Promise<Answer> {
  return settle(hands, step.member, () => remove(hands, step));
}

async function remove(hands: Hands, step: RemoveCertificates): Promise<Answer> {
  const { host } = doorsOf(hands, step.member);
  const ours = installedFiles(hands.doors.journal.state(), step.member);
  const effects: Effect[] = [];
  const foreign: string[] = [];
  for (const path of step.paths) {
    const file = await host.readFile(path);
    if (!file.ok) return failedBy({ ...file.error, where: hands.where });
    const isOurs = file.value !== undefined && sha256(file.value.bytes) === ours.get(path);
    if (file.value !== undefined && !isOurs) {
      foreign.push(path);
      continue;
    }
    const removed = await host.removeFile(path);
    if (!removed.ok) return failedBy({ ...removed.error, where: hands.where });
    effects.push({ kind: 'file-removed', member: step.member, path });
  }
  if (foreign.length > 0) {
    const what = `${foreign.join(', ')} on ${step.member} was changed by someone else since; it is left there`;
    await hands.doors.journal.write({ type: 'noted', what });
  }
  return done(...effects);
}
