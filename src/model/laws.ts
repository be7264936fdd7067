/** The laws of all steps, by kind: how a step is said, what it needs, and what it makes of a world. */

import { NOTHING_UNOBSERVED, type World } from './world.ts';
import type { Step, StepKind, StepLaw, StepOf } from './step.ts';
import { advertisePeer } from './steps/advertise-peer.ts';
import { armDeadMan, disarmDeadMan } from './steps/arm-dead-man.ts';
import { checkClients } from './steps/check-clients.ts';
import { checkLinks } from './steps/check-links.ts';
import { configureMember } from './steps/configure-member.ts';
import { installCertificates } from './steps/install-certificates.ts';
import { issueCertificates } from './steps/issue-certificates.ts';
import { recordCluster } from './steps/record-cluster.ts';
import { reissueLeaf } from './steps/reissue-leaf.ts';
import { removeCertificates } from './steps/remove-certificates.ts';
import { restartMember } from './steps/restart-member.ts';
import { restartTogether } from './steps/restart-together.ts';
import { restoreCluster } from './steps/restore-cluster.ts';
import { stopMember } from './steps/stop-member.ts';
import { startMember } from './steps/start-member.ts';
import { takeSnapshot } from './steps/take-snapshot.ts';
import { transferLeader } from './steps/transfer-leader.ts';

const LAWS: { readonly [K in StepKind]: StepLaw<StepOf<K>> } = {
  'check-links': checkLinks,
  'check-clients': checkClients,
  'take-snapshot': takeSnapshot,
  'issue-certificates': issueCertificates,
  'install-certificates': installCertificates,
  'advertise-peer': advertisePeer,
  'configure-member': configureMember,
  'record-cluster': recordCluster,
  'restart-member': restartMember,
  'stop-member': stopMember,
  'start-member': startMember,
  'restart-together': restartTogether,
  'restore-cluster': restoreCluster,
  'transfer-leader': transferLeader,
  'remove-certificates': removeCertificates,
  'reissue-leaf': reissueLeaf,
  'arm-dead-man': armDeadMan,
  'disarm-dead-man': disarmDeadMan,
};

/** The law of this step's own kind. */
export function lawOf(step: Step): StepLaw<Step> {
  // The table pairs each kind with the law of exactly that kind.
  return LAWS[step.kind] as unknown as StepLaw<Step>;
}

export function say(step: Step): string {
  return lawOf(step).say(step);
}

export function applyStep(world: World, step: Step): World {
  return lawOf(step).apply(world, step);
}

/** The world behind the gate of a step that made `after`: one with fresh probes has seen every pair of up members. */
export function gatePassed(after: World, step: Step): World {
  const checks = step.after?.checks ?? [];
  const hasSeen = checks.includes('links') || checks.includes('peer-ports');
  return hasSeen ? { ...after, unobserved: NOTHING_UNOBSERVED } : after;
}
