/** status: the cluster and the run, now; whatever it finds, it exits 0. */

import { observe } from '../../engine.ts';
import { newest } from '../../engine-records.ts';
import { dialMatrix } from '../../model/dial.ts';
import { worldOf } from '../../model/observed-world.ts';
import { statusJson, statusText } from '../../show/status.ts';
import { type SessionFlags, refuse, withPlan } from '../session.ts';

export interface StatusFlags extends SessionFlags {
  readonly watch?: boolean | undefined;
}

const WATCH_MS = 2000;

export async function status(planFile: string, flags: StatusFlags): Promise<number> {
  return withPlan(planFile, flags, async ({ output, rim }) => {
    for (;;) {
      const seen = await observe(rim);
      if (!seen.ok) return refuse(output, seen.error);
      const past = await newest(rim, (state) => state.state !== 'final');
      if (!past.ok) return refuse(output, [past.error]);
      const latest = past.value === undefined ? await newest(rim, () => true) : past;
      const world = worldOf(seen.value.state);
      const input = {
        observed: seen.value.state,
        matrix: world.ok ? dialMatrix(world.value) : new Map(),
        run: latest.ok ? latest.value?.state : undefined,
      };
      output.result(statusText(input, output.paint), { type: 'status', status: statusJson(input) });
      if (flags.watch !== true) break;
      await rim.clock.sleep(WATCH_MS);
    }
    output.outcome(0, 'STATUS', undefined);
    return 0;
  });
}
