import { SandboxError } from './errors.ts';

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, y: 31_536_000_000 } as const;

/**
 * Milliseconds since 1970 as the sandbox itself sees them. Whatever an engine lets go by its own clock is judged by that
 * engine's clock instead. `SANDBOX_CLOCK_OFFSET` moves it (`+1d`, `-30m`, `90s`, in seconds where no unit is named), so
 * that tests can look at what is a year old. Default: not moved. Throws `BAD_OPTION`.
 */
export function nowMs(): number {
  return Date.now() + clockOffsetMs(process.env.SANDBOX_CLOCK_OFFSET);
}

/** {@link nowMs} as a date. */
export function now(): Date {
  return new Date(nowMs());
}

/** What `SANDBOX_CLOCK_OFFSET` says, in milliseconds. Throws `BAD_OPTION`, also where no date is left there. */
export function clockOffsetMs(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const [, count, unit = 's'] = /^([+-]?\d+(?:\.\d+)?)([smhdy]?)$/.exec(text) ?? [];
  const offsetMs = Math.round(Number(count) * unitsMs[(unit || 's') as keyof typeof unitsMs]);
  if (!Number.isNaN(new Date(Date.now() + offsetMs).getTime())) return offsetMs;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `SANDBOX_CLOCK_OFFSET is ${JSON.stringify(text)}, which is no time that a clock can be moved by.`,
    next: 'Unset it, or give a number and one of s, m, h, d and y: `+1d`.',
  });
}
