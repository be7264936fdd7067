/** Turns events into JSON lines of a log file, one a line, with every secret taken out first. */

import { once } from 'node:events';
import { closeSync, fchmodSync, fstatSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import winston from 'winston';

import { systemErrorText } from '../../base/system-error.ts';
import type { PeershiftEvent } from '../../model/event.ts';
import type { EventSink } from '../../ports.ts';

export interface RunLog extends EventSink {
  /** Every line that can be written is in the file when it resolves. */
  close(): Promise<void>;
  /** How many events at least are not in the file, and why: a log that cannot be written never stops a run. */
  lost(): { readonly count: number; readonly reason: string | undefined };
}

const FILE_MODE = 0o600;
/** A disk that has not taken the last lines by then will not take them. */
const CLOSE_DEADLINE_MS = 5000;

const ERROR_TYPES: readonly PeershiftEvent['type'][] = ['failed', 'failure'];
const WARNING_TYPES: readonly PeershiftEvent['type'][] = [
  'warning',
  'stopping',
  'pausing',
  'gate-waits',
];

/** Appends to the file, 0600. `redact` sees each line's text just before it is written. */
export function openRunLog(path: string, redact: (text: string) => string): RunLog {
  let lostCount = 0;
  let reason: string | undefined;
  const lose = (error: unknown): void => {
    lostCount += 1;
    reason ??= systemErrorText(error);
  };
  let logger: winston.Logger | undefined;
  try {
    makePrivate(path);
    logger = openLogger(path, redact, lose);
  } catch (error) {
    lose(error);
  }
  return {
    emit: (event) => {
      if (logger === undefined || reason !== undefined) lostCount += 1;
      else logger.log({ level: levelOf(event), message: event.type, event });
    },
    close: async () => {
      if (logger !== undefined) await closed(logger);
    },
    lost: () => ({ count: lostCount, reason }),
  };
}

function levelOf(event: PeershiftEvent): string {
  if (ERROR_TYPES.includes(event.type)) return 'error';
  if (WARNING_TYPES.includes(event.type)) return 'warn';
  return 'info';
}

function openLogger(
  path: string,
  redact: (text: string) => string,
  lose: (error: unknown) => void,
): winston.Logger {
  const lines = winston.format.printf((info) => redact(lineOf(info)));
  const file = new winston.transports.File({
    filename: path,
    options: { flags: 'a', mode: FILE_MODE },
  });
  file.on('error', lose);
  const logger = winston.createLogger({
    format: winston.format.combine(winston.format.timestamp(), lines),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- typings
    transports: [file],
  });
  logger.on('error', lose);
  return logger;
}

/** BigInt is not JSON, and a certificate's serial number may be one. */
function lineOf(info: winston.Logform.TransformableInfo): string {
  const { level, timestamp, event } = info;
  const line = { at: timestamp, level, ...(event as PeershiftEvent) };
  return JSON.stringify(line, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** winston opens the file later; here the mode is right from its first byte on. A device keeps its own. */
function makePrivate(path: string): void {
  const file = openSync(path, 'a', FILE_MODE);
  try {
    if (fstatSync(file).isFile()) fchmodSync(file, FILE_MODE);
  } finally {
    closeSync(file);
  }
}

async function closed(logger: winston.Logger): Promise<void> {
  const over = new AbortController();
  const finished = once(logger, 'finish', { signal: over.signal }).catch(() => undefined);
  const late = sleep(CLOSE_DEADLINE_MS, undefined, { signal: over.signal, ref: true });
  logger.end();
  await Promise.race([finished, late.catch(() => undefined)]);
  over.abort();
}
