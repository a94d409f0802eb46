import { SandboxError } from '../errors.ts';

/** Fields of a clock on the wall, the month from 1 on. */
type WallClock = readonly [year: number, month: number, day: number, hour: number, minute: number, ms: number];

const form =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?(?:(Z|z|UTC)|([+-])(\d\d)(?::?(\d\d))?)?$/;

const hourMs = 3_600_000;

/** The time zone of this machine, or of `TZ`: `Europe/Berlin`. */
function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Reads `2026-11-29 10:00`, with or without seconds and milliseconds, `T` in place of the space, and a zone (`Z`,
 * `+01:00`); without one it is local time. Throws `BAD_OPTION` for any other text, for a day or a time that there is
 * not, and for a local time that comes twice, where a clock was set back.
 */
export function parseMoment(text: string, source: string, zone: string = localZone()): Date {
  const found = form.exec(text.trim());
  if (found === null) {
    throw bad(`${source}: \`${text}\` is not a moment.`, `Write it as '2026-11-29 10:00' or 2026-11-29T10:00:30.250Z.`);
  }
  const [, year, month, day, hour, minute, second = '0', fraction = '', utc, sign, hours = '0', minutes = '0'] = found;
  if (/[1-9]/.test(fraction.slice(3))) {
    throw bad(`${source}: \`${text}\` is finer than a millisecond.`, 'Leave out what comes after three digits.');
  }
  const ms = Number(second) * 1_000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  const wall: WallClock = [Number(year), Number(month), Number(day), Number(hour), Number(minute), ms];
  const asUtcMs = utcOf(wall);
  const isThere =
    Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 && Number(minutes) < 60 && Number(hours) <= 14;
  if (
    !isThere ||
    new Date(asUtcMs).getUTCDate() !== Number(day) ||
    new Date(asUtcMs).getUTCMonth() + 1 !== Number(month)
  ) {
    throw bad(`${source}: there is no such time as \`${text}\`.`, 'Look at the day and the time.');
  }
  if (utc !== undefined) return new Date(asUtcMs);
  if (sign !== undefined) {
    const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return new Date(sign === '+' ? asUtcMs - offsetMs : asUtcMs + offsetMs);
  }
  return onlyOne(momentsOf(asUtcMs, zone), text, source, zone);
}

function utcOf([year, month, day, hour, minute, ms]: WallClock): number {
  // `Date.UTC` takes the years 0 to 99 for 1900 to 1999.
  return new Date(0).setUTCFullYear(year, month - 1, day) + hour * hourMs + minute * 60_000 + ms;
}

/** Moments at which the clocks of a zone show a time: none, one or two. */
function momentsOf(asUtcMs: number, zone: string): readonly Date[] {
  // Clocks are off UTC by 14 hours at most: what holds within a day of it is all that can hold.
  const offsets = new Set<number>();
  for (let hours = -24; hours <= 24; hours += 1) offsets.add(offsetOf(asUtcMs + hours * hourMs, zone));
  return [...offsets]
    .map((offsetMs) => asUtcMs - offsetMs)
    .filter((ms) => ms + offsetOf(ms, zone) === asUtcMs)
    .toSorted((one, other) => one - other)
    .map((ms) => new Date(ms));
}

function onlyOne(moments: readonly Date[], text: string, source: string, zone: string): Date {
  const [first, second] = moments;
  if (first === undefined) {
    throw bad(`${source}: clocks were set forward over \`${text}\` in ${zone}.`, 'Name its zone: Z, or +01:00.');
  }
  if (second === undefined) return first;
  const both = moments.map((moment) => isoIn(moment, zone)).join(' or ');
  throw bad(`${source}: \`${text}\` comes twice in ${zone}, where clocks were set back.`, `Say which one: ${both}.`);
}

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offsetOf(ms: number, zone: string): number {
  const shown = formatIn(zone).formatToParts(new Date(ms));
  const [, sign, hours, minutes = '0', seconds = '0'] =
    /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(shown.find(({ type }) => type === 'timeZoneName')?.value ?? '') ?? [];
  if (sign === undefined) return 0;
  const offsetMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === '+' ? offsetMs : -offsetMs;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, made);
  return made;
}

/** `2026-11-29T11:00:00.000+01:00`: the moment as clocks of a zone show it. */
export function isoIn(moment: Date, zone: string = localZone()): string {
  const offsetMs = offsetOf(moment.getTime(), zone);
  const shown = new Date(moment.getTime() + offsetMs).toISOString().slice(0, -1);
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${shown}${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** For people: `2026-11-29 11:00:00.000 +01:00 (Europe/Berlin)`. */
export function momentText(moment: Date, zone: string = localZone()): string {
  const [day = '', time = ''] = isoIn(moment, zone).split('T');
  return `${day} ${time.slice(0, 12)} ${time.slice(12)} (${zone})`;
}

function bad(message: string, next: string): SandboxError {
  return new SandboxError({ code: 'BAD_OPTION', message, next });
}
