/** Turns the times that logs carry, in any of their notations, into milliseconds and one notation. */

import { isoTime, parseIsoMs } from '../../base/time.ts';

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const SYSLOG = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)(\.\d+)?$/u;
const ISO = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/u;

export interface LogTime {
  readonly ms: number;
  /** RFC 3339 where the zone is known; else as near to it as the log allows. */
  readonly text: string;
}

/**
 * capnslog writes local time without a zone, and syslog leaves out the year: both are compared as if
 * they were UTC of one year, which is right within one log and for hosts of one zone.
 */
export function logTime(text: string): LogTime | undefined {
  if (text.startsWith('@')) {
    const ms = Number(text.slice(1)) / 1000;
    return { ms, text: isoTime(ms) };
  }
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, date = '', clock = '', fraction = '', zone] = iso;
    const colon = zone?.replace(/^([+-]\d\d)(\d\d)$/u, '$1:$2');
    const ms = parseIsoMs(`${date}T${clock}${fraction}${colon ?? 'Z'}`);
    return ms === undefined ? undefined : { ms, text: `${date}T${clock}${fraction}${colon ?? ''}` };
  }
  const syslog = SYSLOG.exec(text);
  if (syslog === null) return undefined;
  const [, month = '', day = '', clock = '', fraction = ''] = syslog;
  const number = String(MONTHS.indexOf(month) / 3 + 1).padStart(2, '0');
  const ms = parseIsoMs(`2000-${number}-${day.replace(' ', '0')}T${clock}${fraction}Z`);
  return ms === undefined ? undefined : { ms, text };
}
