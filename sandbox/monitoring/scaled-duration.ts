/** Milliseconds in each unit of Prometheus's durations that the files use. */
const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `5m` at a scale of 30 is `10000ms`; at 1 it is as it was. */
export function scaledDuration(text: string, timeScale: number): string {
  return timeScale === 1 ? text : `${Math.max(1, Math.round(durationMs(text) / timeScale))}ms`;
}

/** A duration of Prometheus in milliseconds. Throws for what the files do not use. */
export function durationMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (unitMs === undefined) throw new Error(`${text} is no duration that is known here`);
  return Number(count) * unitMs;
}
