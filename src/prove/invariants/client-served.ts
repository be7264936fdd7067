/** client-served: a client that follows the list finds somebody who speaks as the list says. */

import type { ClientSettings } from '../../model/client-settings.ts';
import type { Invariant } from '../../model/invariant.ts';
import { isHttps, urlParts } from '../../model/url.ts';
import { upMembers } from '../../model/world.ts';

export const clientServed: Invariant = {
  name: 'client-served',
  severity: 'fatal',
  rule: 'no up member publishes a client URL that it does not serve',
  check: ({ world, mishap }) => {
    if (mishap !== undefined) return [];
    return upMembers(world).flatMap(({ name, process }) => {
      const vain = process?.client === undefined ? [] : unserved(process.client);
      if (vain.length === 0) return [];
      return [
        {
          subject: name,
          but: `${name} publishes ${vain.join(' and ')} and does not serve it`,
          so: 'clients that follow the member list would dial it in vain',
          remedy: `let ${name} listen for what it publishes`,
        },
      ];
    });
  },
};

/** By scheme and port: it may be published under another name or address than it is bound to. */
function unserved({ listen, advertise }: ClientSettings): readonly string[] {
  return advertise.filter((url) => {
    return !listen.some((own) => {
      return isHttps(own) === isHttps(url) && urlParts(own).port === urlParts(url).port;
    });
  });
}
