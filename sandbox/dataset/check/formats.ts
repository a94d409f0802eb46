import { isIPv4, isIPv6 } from 'node:net';

/** RFC 3339, with its zone; `T` may be a blank. */
const timePattern = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const dayPattern = /^(\d{4})-(\d\d)-(\d\d)$/;
/** PostgreSQL takes braces too, and none takes `urn:uuid:`. */
const uuidPattern = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * A moment, or why there is none. Times of the dataset are whole milliseconds of the years 1 to 9999 of UTC, which every
 * store keeps (PostgreSQL has no year 0, Neo4j's text of a year beyond 9999 has a sign).
 */
export function timeOf(text: string): Date | string {
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '00', zoneMinute = '00'] =
    timePattern.exec(text) ?? [];
  if (year === undefined) return 'write it as 2026-01-31T08:30:00.000Z or with its zone as +08:00';
  if (/[1-9]/.test(fraction.slice(3))) return 'it is finer than a millisecond, which would be cut';
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return 'there is no such zone';
  const millisecond = fraction.slice(0, 3).padEnd(3, '0');
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`;
  const asUtc = new Date(local);
  // What is not in the calendar, and 24:00, is taken for another time.
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString() !== local) return 'there is no such day or time of day';
  const offsetMinutes = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1);
  const time = new Date(asUtc.getTime() - offsetMinutes * 60_000);
  return hasKnownYear(time) ? time : 'its year is not one of 1 to 9999';
}

function hasKnownYear(time: Date): boolean {
  return time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999;
}

function isDay(text: string): boolean {
  if (!dayPattern.test(text)) return false;
  const day = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text) && hasKnownYear(day);
}

/** Formats of `entities.schema.json`: what every store takes, which is less than JSON Schema's own. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  uuid: (text) => uuidPattern.test(text),
  'date-time': (text) => timeOf(text) instanceof Date,
  date: isDay,
  ipv4: isIPv4,
  // An address with a zone is one of a machine, and none for PostgreSQL.
  ipv6: (text) => isIPv6(text) && !text.includes('%'),
};
