/**
 * observed-links: nothing rests on a link that was never seen to work. Health is no evidence of links:
 * with a wrong SAN every health check stays green until the last member is switched, and then quorum is gone.
 */

import type { Breach, Invariant, Moment } from '../../model/invariant.ts';
import { takesDown } from '../../model/step.ts';
import { isHttps } from '../../model/url.ts';
import { pairKey, upMembers } from '../../model/world.ts';

export const observedLinks: Invariant = {
  name: 'observed-links',
  severity: 'fatal',
  rule: 'no restart and no https-only majority rests on a link that was not observed',
  check: (moment) => {
    if (moment.kind !== 'before' || moment.mishap !== undefined) return [];
    if (moment.world.unobserved.length === 0) return [];
    if (takesDown(moment.step)) return unseenWithout(moment, moment.step.member);
    if (moment.step?.kind === 'advertise-peer' && moment.step.to.every(isHttps))
      return unseenHttps(moment);
    return [];
  },
};

function unseenWithout(moment: Moment, member: string): readonly Breach[] {
  const rest = upMembers(moment.world).filter((each) => each.name !== member);
  return rest.flatMap((a, index) => {
    return rest.slice(index + 1).flatMap((b) => {
      const pairs = [pairKey(a.name, b.name), pairKey(b.name, a.name)];
      if (!pairs.every((pair) => moment.world.unobserved.includes(pair))) return [];
      return [breach(`${a.name} and ${b.name}`, `${member} would be restarted`)];
    });
  });
}

function unseenHttps(moment: Moment): readonly Breach[] {
  const loaded = upMembers(moment.world).filter(
    (each) => each.process?.peer.certFile !== undefined,
  );
  return loaded.flatMap((to) => {
    const isTarget =
      to.process?.peer.listen.some(isHttps) === true &&
      (moment.world.record[to.name] ?? []).some(isHttps);
    if (!isTarget) return [];
    return loaded.flatMap((from) => {
      const pair = pairKey(from.name, to.name);
      if (from === to || !moment.world.unobserved.includes(pair)) return [];
      return [breach(`${from.name} and ${to.name}`, 'one more member would become https-only')];
    });
  });
}

function breach(pair: string, what: string): Breach {
  return {
    subject: pair,
    but: `${what} while the link between ${pair} was not observed since it last changed`,
    so: 'a fault in that link would show only when it is too late to go back',
    remedy: 'a gate with the check `links` belongs before this step',
  };
}
