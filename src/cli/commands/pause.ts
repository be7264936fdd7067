/** pause: leaves word for the run that is going on, and waits until it has stopped at a safe point. */

import { durationText } from '../../base/duration.ts';
import { newest } from '../../engine-records.ts';
import type { Rim } from '../../engine-types.ts';
import type { Failure } from '../../model/failure.ts';
import { type SessionFlags, refuse, withPlan } from '../session.ts';

/** How often the lock of the run is looked at while it comes to its stop. */
const LOOK_MS = 250;

export async function pause(planFile: string, flags: SessionFlags): Promise<number> {
  return withPlan(planFile, flags, async ({ output, rim }) => {
    const past = await newest(rim, (state) => state.state !== 'final');
    if (!past.ok) return refuse(output, [past.error]);
    if (past.value === undefined || !(await rim.store.isLocked())) {
      const at = past.value?.state.outcome ?? 'it was cut off';
      const run = past.value === undefined ? undefined : `run ${past.value.files.id} (${at})`;
      return refuse(output, [notRunning(rim, run)]);
    }
    const { files } = past.value;
    const asked = await files.askPause();
    if (!asked.ok) return refuse(output, [asked.error]);
    output.progress(`asked run ${files.id} to pause; the step in hand and its gate come first`);
    if (!(await stopped(rim))) return refuse(output, [stillRunning(rim, files.path)]);
    const now = await newest(rim, (state) => state.run === files.id);
    const outcome = now.ok ? now.value?.state.outcome : undefined;
    output.progress(`run ${files.id} is ${outcome ?? 'cut off'}`);
    output.outcome(0, 'PAUSE', files.id);
    return 0;
  });
}

/** A start and the gate behind it are what takes longest. */
async function stopped(rim: Rim): Promise<boolean> {
  const { startMs, timeoutMs } = rim.desired.gates;
  const giveUpAtMs = rim.clock.nowMs() + startMs + timeoutMs;
  while (await rim.store.isLocked()) {
    if (rim.clock.nowMs() > giveUpAtMs) return false;
    await rim.clock.sleep(LOOK_MS);
  }
  return true;
}

function notRunning(rim: Rim, run: string | undefined): Failure {
  return {
    code: 'NOT_RUNNING',
    where: rim.store.path,
    would: 'ask the running run to pause',
    but: run === undefined ? 'there is no unfinished run' : `${run} is not being carried out now`,
    so: 'there is nobody to ask; nothing has been changed',
    remedy: 'peershift status shows the cluster and the newest run',
  };
}

function stillRunning(rim: Rim, where: string): Failure {
  const { startMs, timeoutMs } = rim.desired.gates;
  return {
    code: 'GATE_TIMED_OUT',
    where,
    would: 'see the run stop at its next safe point',
    but: `it is still at work after ${durationText(startMs + timeoutMs)} (gates.start and gates.timeout together)`,
    so: 'it has been asked, and pauses when the step in hand is over',
    remedy: 'peershift status --watch shows what it waits for',
  };
}
