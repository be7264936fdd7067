/** issue-certificates: made in the operator's pki folder; no host is touched. */

import type { IssueCertificates } from '../../model/step.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, failedBy } from './context.ts';

export async function issueCertificates(hands: Hands, step: IssueCertificates): Promise<Answer> {
  const issued = await hands.doors.issue(step.members, step.makesAuthority, step.side);
  return issued.ok ? done() : failedBy({ ...issued.error, where: hands.where });
}
