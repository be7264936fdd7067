/** client-certs: a certificate is asked of clients last of all, when they speak https everywhere already. */

import { servesHttp, servesHttps } from '../../model/client-settings.ts';
import type { Invariant } from '../../model/invariant.ts';
import { upMembers } from '../../model/world.ts';

export const clientCerts: Invariant = {
  name: 'client-certs',
  severity: 'fatal',
  rule: 'no client is asked for a certificate before every up member serves https, nor where http is still open',
  check: ({ world, mishap }) => {
    if (mishap !== undefined) return [];
    const up = upMembers(world).filter(({ process }) => process?.client !== undefined);
    const behind = up.filter(({ process }) => !servesHttps(process?.client));
    return up.flatMap(({ name, process }) => {
      const asks = process?.client?.trustedCaFile ?? process?.client?.hasClientCertAuth === true;
      if (process?.client === undefined || asks === false) return [];
      const isOpen = servesHttp(process.client);
      if (behind.length === 0 && !isOpen) return [];
      const others = behind.map((each) => each.name).join(', ');
      return [
        {
          subject: name,
          but: isOpen
            ? `${name} would ask https clients for a certificate while it serves anybody by http`
            : `${name} would ask clients for a certificate while ${others} has no https`,
          so: 'clients would be refused in the middle of the change, and not at its end',
          remedy: 'ask for certificates in the last restart of each member alone',
        },
      ];
    });
  },
};
