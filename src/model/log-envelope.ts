/**
 * Turns a line as a container engine, journald or syslog keeps it into etcd's own line, and what the
 * wrapping told besides: the host it came from and its time there.
 */

import { jsonFields } from '../base/json.ts';

export interface Unwrapped {
  /** etcd's own line. */
  readonly text: string;
  /** As journald or syslog names it. */
  readonly host: string | undefined;
  /** Of the wrapping; etcd's own time, where its line has one, counts more. */
  readonly timeText: string | undefined;
}

export function unwrapped(line: string): Unwrapped {
  const text = line.trimEnd();
  if (text.startsWith('{"log":')) {
    const { log, time } = jsonFields(text) ?? {};
    if (typeof log === 'string') return { ...bare(log.trimEnd()), timeText: textOf(time) };
  }
  if (isJournalJson(text)) {
    const entry = jsonFields(text);
    if (entry !== undefined) return journalEntry(entry);
  }
  const container = CONTAINER.exec(text);
  if (container !== null) {
    const [, timeText, rest = ''] = container;
    return { text: rest, host: undefined, timeText };
  }
  const prefixed = PREFIXED.exec(text);
  if (prefixed === null) return bare(text);
  const [, timeText, host, rest = ''] = prefixed;
  return { text: rest, host, timeText };
}

/** The message of a journal entry, however journald wrote it down. */
function journalEntry(entry: Readonly<Record<string, unknown>>): Unwrapped {
  const { MESSAGE: message, _HOSTNAME: host, __REALTIME_TIMESTAMP: micros } = entry;
  return {
    text: (Array.isArray(message) ? fromBytes(message) : (textOf(message) ?? '')).trimEnd(),
    host: textOf(host),
    timeText: typeof micros === 'string' && /^\d{4,17}$/u.test(micros) ? `@${micros}` : undefined,
  };
}

/** What `kubectl logs` and CRI keep: TIME, stream, F or P, then the line. */
const CONTAINER = /^(\d{4}-\d\d-\d\dT\S+) (?:stdout|stderr) [FP] (.*)$/su;
/** `Nov 22 05:41:19 host etcd[123]: ` of syslog and journalctl, or the same with an ISO time. */
const PREFIXED =
  /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\S+) (\S+) [^\s:[]+(?:\[\d+\])?: (.*)$/su;

function isJournalJson(text: string): boolean {
  return text.startsWith('{') && !text.startsWith('{"level"') && /"MESSAGE"\s*:/u.test(text);
}

function bare(text: string): Unwrapped {
  return { text, host: undefined, timeText: undefined };
}

/** journald gives what is no UTF-8, or holds control characters, as a list of bytes. */
function fromBytes(bytes: readonly unknown[]): string {
  return bytes.map((byte) => String.fromCharCode(typeof byte === 'number' ? byte : 63)).join('');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
