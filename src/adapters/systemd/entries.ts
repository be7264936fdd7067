/** Turns journald's JSON entries into the lines that etcd wrote, and into words for lines that are missing. */

export interface Entry {
  readonly cursor: string;
  readonly bootId: string;
  /** Undefined for what systemd or somebody else says about the unit. */
  readonly line: string | undefined;
  /** Words for lines that were thrown away or cannot be had, when this entry says so. */
  readonly lost: string | undefined;
}

/** What `journalctl --output-fields` is asked for; cursor, times and boot ID come unasked. */
export const FIELDS = [
  ...['MESSAGE', 'MESSAGE_ID', 'PACKAGE', 'PRIORITY', '_SYSTEMD_UNIT'],
  ...['_SOURCE_REALTIME_TIMESTAMP', 'SYSLOG_IDENTIFIER'],
].join(',');

/** sd-messages.h, SD_MESSAGE_JOURNAL_DROPPED: the rate limit has thrown lines away. */
const DROPPED = 'a596d6fe7bfa4994828e72309e95d61e';
/** etcd prints such lines only with whole requests in them; their head tells what they are. */
const LINE_CHARACTERS = 64 * 1024;
/** capnslog's levels as syslog priorities (journald_formatter.go). */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ '0': 'C', '1': 'C', '2': 'C', '3': 'E', '4': 'W', '5': 'N', '6': 'I', '7': 'D' },
};

/** Undefined for a line that is no entry, as `-- No entries --` is none. */
export function parseEntry(json: string, unit: string): Entry | undefined {
  const fields = objectOf(json);
  const cursor = textOf(fields?.['__CURSOR']);
  if (fields === undefined || cursor === undefined) return undefined;
  const message = textOf(fields['MESSAGE']);
  const time = Number(textOf(fields['__REALTIME_TIMESTAMP']) ?? 0);
  const isOwn = textOf(fields['_SYSTEMD_UNIT']) === unit;
  const isDropped = textOf(fields['MESSAGE_ID']) === DROPPED;
  const isUnread = isOwn && message === undefined && 'MESSAGE' in fields;
  return {
    cursor,
    bootId: textOf(fields['_BOOT_ID']) ?? '',
    line: isOwn && message !== undefined ? lineOf(fields, message, time) : undefined,
    lost: isDropped
      ? `journald's rate limit threw lines away ("${message ?? 'suppressed messages'}")`
      : isUnread
        ? 'one of its lines is too long to be read'
        : undefined,
  };
}

/**
 * Under systemd capnslog hands journald the bare message, with its package and level beside it: both are
 * put back where etcd's own log has them. zap's JSON and panics are lines already.
 */
function lineOf(fields: Fields, message: string, receivedUs: number): string {
  const text = message.slice(0, LINE_CHARACTERS).trimEnd();
  const origin = textOf(fields['PACKAGE']);
  const letter = LETTERS[textOf(fields['PRIORITY']) ?? ''];
  if (origin === undefined || letter === undefined || text.startsWith('{"')) return text;
  const us = Number(textOf(fields['_SOURCE_REALTIME_TIMESTAMP']) ?? receivedUs);
  const iso = new Date(Math.floor(us / 1000)).toISOString();
  const time = `${iso.slice(0, 10)} ${iso.slice(11, 19)}.${String(us % 1_000_000).padStart(6, '0')}`;
  return `${time} ${letter} | ${origin}: ${text}`;
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(json: string): Fields | undefined {
  if (!json.startsWith('{')) return undefined;
  try {
    return JSON.parse(json) as Fields;
  } catch {
    return undefined;
  }
}

/** Bytes that are no printable text come as a list of numbers, a repeated field as a list of texts. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const parts: readonly unknown[] = value;
  if (parts.length > 0 && parts.every((part) => typeof part === 'number')) {
    return Buffer.from(parts).toString('utf8');
  }
  return textOf(parts.find((part) => textOf(part) !== undefined));
}
