import { hourWeights, weekdayWeights } from './distributions.ts';
import type { Random } from './random.ts';
import { dayMs, hourMs } from './times.ts';

/** Draws before a moment is taken as it comes: a span of hours may have none of the wanted ones. */
const drawsMax = 8;

/** The hour of each thousandth of a day's activity. */
const hourOfShare = Uint8Array.from(hourWeights.flatMap((weight, hour) => new Array<number>(weight).fill(hour)));

/** 1970-01-01 was a Thursday. */
const weekdayOfEpoch = 4;

/**
 * A moment from `fromMs` up to `toMs` (milliseconds since 1970) whose hour and day of the week are as people's are:
 * {@link hourWeights} and {@link weekdayWeights}. `growth` bends the days: `even`, or `rising` in a straight line from 0.
 */
export function momentBetween(
  fromMs: number,
  toMs: number,
  random: Random,
  growth: 'even' | 'rising' = 'even',
): number {
  const spanMs = toMs - fromMs;
  for (let draw = 0; draw < drawsMax; draw += 1) {
    const share = growth === 'rising' ? Math.sqrt(random.float()) : random.float();
    const day = Math.floor((fromMs + share * spanMs) / dayMs);
    if (random.int(100) >= (weekdayWeights[(day + weekdayOfEpoch) % 7] as number)) continue;
    const moment = day * dayMs + (hourOfShare[random.int(hourOfShare.length)] as number) * hourMs + random.int(hourMs);
    if (moment >= fromMs && moment < toMs) return moment;
  }
  return fromMs + Math.floor(random.float() * spanMs);
}
