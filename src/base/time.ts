/** Turns epoch milliseconds into RFC 3339 UTC text, by arithmetic alone, so that pure code may use it. */

const DAY_MS = 86_400_000;

/** `2026-11-22T05:41:19.000Z` */
export function isoTime(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  const rest = ms - day * DAY_MS;
  const [year, month, date] = civil(day);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = [rest / 3_600_000, (rest / 60_000) % 60, (rest / 1000) % 60].map((part) => two(Math.floor(part)));
  const fraction = String(Math.floor(rest % 1000)).padStart(3, '0');
  return `${String(year)}-${two(month)}-${two(date)}T${clock.join(':')}.${fraction}Z`;
}

/** Howard Hinnant's civil_from_days: the Gregorian date of a day count since 1970-01-01. */
function civil(day: number): readonly [number, number, number] {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, date];
}
