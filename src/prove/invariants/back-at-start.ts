/** back-at-start: a way back ends where the run began, and strands no member half-way. */

import type { Invariant } from '../../model/invariant.ts';
import { actsAlike, loadDisk } from '../../model/load.ts';
import type { MemberGoal } from '../../model/rollout.ts';
import { decidedFlags } from '../../model/settings.ts';
import { sameUrls } from '../../model/url.ts';
import { type World, memberOf } from '../../model/world.ts';

export const backAtStart: Invariant = {
  name: 'back-at-start',
  severity: 'fatal',
  rule: 'a way back ends with each member as the run found it',
  check: ({ kind, world }, { direction, goal }) => {
    if (kind !== 'end' || direction !== 'rollback') return [];
    return goal.flatMap((each) => {
      const but = strayOf(each, world);
      if (but === undefined) return [];
      return [
        {
          subject: each.member,
          but,
          so: `${each.member} would stay half changed after a rollback that calls itself finished`,
          remedy: `bring ${each.member} back by hand as the reason says, then run the rollback again`,
        },
      ];
    });
  },
};

/** What of the member would not be as it was; the first of list, disk and process. */
function strayOf({ member: name, urls, settings }: MemberGoal, end: World): string | undefined {
  const { disk, process, version } = memberOf(end, name);
  const advertised = end.record[name] ?? [];
  if (!sameUrls(advertised, urls)) {
    return `${name} would stay advertised at ${advertised.join(' and ')}; it was at ${urls.join(' and ')}`;
  }
  const flag = decidedFlags(settings).find((each) => disk.settings[each] !== settings[each]);
  if (flag !== undefined) {
    const [after, before] = [disk.settings[flag] ?? 'unset', settings[flag] ?? 'unset'];
    return `${flag} of ${name} would stay ${after}; it was ${before}`;
  }
  if (process === undefined) return `${name} would stay stopped`;
  const loaded = loadDisk(disk, version);
  if (loaded.ok && loaded.value === process) return undefined;
  const isLoaded = loaded.ok && actsAlike(end, loaded.value, process);
  return isLoaded ? undefined : `${name} would not be restarted with the settings of the start`;
}
