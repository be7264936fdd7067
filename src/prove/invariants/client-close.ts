/** client-close: whoever is turned away by http finds https on every member, and in the list. */

import { servesHttp, servesHttps } from '../../model/client-settings.ts';
import type { Invariant } from '../../model/invariant.ts';
import { upMembers } from '../../model/world.ts';

export const clientClose: Invariant = {
  name: 'client-close',
  severity: 'fatal',
  rule: 'http is closed to clients on no member before every up member serves and publishes https',
  check: ({ world, mishap }) => {
    if (mishap !== undefined) return [];
    const up = upMembers(world).filter(({ process }) => process?.client !== undefined);
    const closed = up.filter(({ process }) => !servesHttp(process?.client));
    const behind = up.filter(({ process }) => !servesHttps(process?.client));
    if (closed.length === 0 || behind.length === 0) return [];
    const names = behind.map(({ name }) => name).join(', ');
    return [
      {
        subject: closed.map(({ name }) => name).join(', '),
        but: `${closed.map(({ name }) => name).join(', ')} would refuse http while ${names} has no https`,
        so: 'a client that has moved to one scheme would find a part of the members only',
        remedy: `let ${names} serve and publish both first`,
      },
    ];
  },
};
