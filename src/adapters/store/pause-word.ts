/** Turns a file that appears in a run's folder into a call; it is how `peershift pause` reaches a run. */

import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How soon a run hears of it; the step in hand takes longer. */
const LOOK_MS = 500;

/** A file that was there before does not count, and what is there at the end is taken away with it. */
export function watchForPause(path: string, tell: () => void): { stop(): Promise<void> } {
  const stop = new AbortController();
  const watching = (async () => {
    await taken(path);
    while (!stop.signal.aborted) {
      if (await taken(path)) tell();
      // An abort ends the wait early and is no error.
      await delay(LOOK_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
    await taken(path);
  })();
  return {
    stop: () => {
      stop.abort();
      return watching;
    },
  };
}

/** True when it was there. */
async function taken(path: string): Promise<boolean> {
  return await rm(path).then(
    () => true,
    () => false,
  );
}
