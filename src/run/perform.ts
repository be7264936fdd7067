/** Turns an intended step into its effects: the hands, looked up by kind. */

import { unreachable } from '../base/assert.ts';
import type { Step } from '../model/step.ts';
import { advertisePeer } from './handlers/advertise-peer.ts';
import { checkLinks } from './handlers/check-links.ts';
import { configureMember, recordCluster } from './handlers/configure-member.ts';
import type { Hands } from './handlers/context.ts';
import { armDeadMan, disarmDeadMan } from './handlers/dead-man.ts';
import { installCertificates } from './handlers/install-certificates.ts';
import { issueCertificates } from './handlers/issue-certificates.ts';
import { reissueLeaf } from './handlers/reissue-leaf.ts';
import { removeCertificates } from './handlers/remove-certificates.ts';
import { restartMember, startMember, stopMember } from './handlers/restart-member.ts';
import { restartTogether } from './handlers/restart-together.ts';
import { restoreCluster } from './handlers/restore-cluster.ts';
import { takeSnapshot } from './handlers/take-snapshot.ts';
import { transferLeader } from './handlers/transfer-leader.ts';
import type { Answer } from './machine-types.ts';

export function perform(hands: Hands, step: Step): Promise<Answer> {
  switch (step.kind) {
    case 'check-clients':
    case 'check-links':
      return checkLinks();
    case 'take-snapshot':
      return takeSnapshot(hands);
    case 'issue-certificates':
      return issueCertificates(hands, step);
    case 'install-certificates':
      return installCertificates(hands, step);
    case 'advertise-peer':
      return advertisePeer(hands, step);
    case 'configure-member':
      return configureMember(hands, step);
    case 'record-cluster':
      return recordCluster(hands, step);
    case 'restart-member':
      return restartMember(hands, step);
    case 'stop-member':
      return stopMember(hands, step);
    case 'start-member':
      return startMember(hands, step);
    case 'restart-together':
      return restartTogether(hands, step);
    case 'restore-cluster':
      return restoreCluster(hands, step);
    case 'transfer-leader':
      return transferLeader(hands, step);
    case 'remove-certificates':
      return removeCertificates(hands, step);
    case 'reissue-leaf':
      return reissueLeaf(hands, step);
    case 'arm-dead-man':
      return armDeadMan(hands, step);
    case 'disarm-dead-man':
      return disarmDeadMan(hands, step);
    default:
      return unreachable(step);
  }
}
