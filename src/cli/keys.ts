/** Turns single keys, typed while a run is on, into what they ask for; the terminal is given back at the end. */

export interface KeyHandlers {
  readonly onPause: () => void;
  readonly onStop: () => void;
  /** Ctrl-C: in raw mode the terminal sends no signal. */
  readonly onInterrupt: () => void;
}

export interface Keys {
  stop(): void;
}

const CTRL_C = '\u0003';
const NO_KEYS: Keys = { stop: () => undefined };

/** Nothing at all without a terminal on stdin. */
export function listenForKeys(handlers: KeyHandlers): Keys {
  const { stdin } = process;
  if (!stdin.isTTY) return NO_KEYS;
  const handle = (bytes: Buffer): void => {
    for (const key of bytes.toString('utf8').toLowerCase()) {
      if (key === 'p') handlers.onPause();
      if (key === 'q') handlers.onStop();
      if (key === CTRL_C) handlers.onInterrupt();
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', handle);
  stdin.resume();
  const stop = (): void => {
    stdin.off('data', handle);
    stdin.setRawMode(false);
    stdin.pause();
    process.off('exit', stop);
  };
  // Whoever ends the process, the terminal is left as it was.
  process.on('exit', stop);
  return { stop };
}
