import type { DailyActivity, UserLocation } from '../entities.ts';
import { levelsOfCell } from '../random/cells.ts';
import { exponents, weekdayWeights } from '../random/distributions.ts';
import { uuidOf } from '../random/identifiers.ts';
import { momentBetween } from '../random/rhythm.ts';
import { awkwardTexts } from '../random/texts.ts';
import { beforeReference, dayMs, referenceTime } from '../random/times.ts';
import { perActiveUser } from '../sizes.ts';
import type { RowMaker, World } from '../world.ts';
import { cellOfUser } from './users.ts';

/** Cities that users are near to: name, longitude and latitude in degrees (WGS 84). */
const places = [
  { name: '北京', longitude: 116.4074, latitude: 39.9042 },
  { name: '上海', longitude: 121.4737, latitude: 31.2304 },
  { name: '深圳', longitude: 114.0579, latitude: 22.5431 },
  { name: '成都', longitude: 104.0665, latitude: 30.5723 },
  { name: '西安', longitude: 108.9398, latitude: 34.3416 },
  { name: 'London', longitude: -0.1276, latitude: 51.5072 },
  { name: 'New York', longitude: -74.006, latitude: 40.7128 },
  { name: 'القاهرة', longitude: 31.2357, latitude: 30.0444 },
  { name: 'Sydney', longitude: 151.2093, latitude: -33.8688 },
] as const;

/** Degrees to each side of a place: some 20 km. */
const spreadDegrees = 0.2;

/** Where coordinates are at their ends: the date line, a pole, the origin. */
const oddLocations: Readonly<Record<number, Partial<UserLocation>>> = {
  1: { label: 'date line', longitude: 180, latitude: 0 },
  3: { label: 'south pole', longitude: -180, latitude: -90 },
  5: { label: awkwardTexts.empty, longitude: 0, latitude: 0 },
  7: { label: awkwardTexts.emoji },
};

export function locationMaker(world: World): RowMaker<UserLocation> {
  const randomOf = world.random('locations');
  return (index) => {
    const random = randomOf(index);
    const place = random.pick(places);
    return {
      id: uuidOf('location', index),
      userId: world.userId(world.activeUser(Math.floor(index / perActiveUser.userLocations))),
      label: place.name,
      longitude: roundDegrees(place.longitude + (random.float() * 2 - 1) * spreadDegrees),
      latitude: roundDegrees(place.latitude + (random.float() * 2 - 1) * spreadDegrees),
      recordedAt: new Date(momentBetween(referenceTime.getTime() - 30 * dayMs, referenceTime.getTime(), random)),
      ...oddLocations[index],
    };
  };
}

/** The last seven days before the reference time, for each active user; fewer sessions on quiet days of the week. */
export function dailyActivityMaker(world: World): RowMaker<DailyActivity> {
  const randomOf = world.random('daily-activity');
  const perDay = world.zipf(12, exponents.sessionsPerDay);
  return (index) => {
    const random = randomOf(index);
    const user = world.activeUser(Math.floor(index / perActiveUser.dailyActivity));
    const daysAgo = 1 + (index % perActiveUser.dailyActivity);
    const day = beforeReference(daysAgo * dayMs);
    const sessions = random.int(100) < (weekdayWeights[day.getUTCDay()] as number) ? perDay.sample(random) : 0;
    return {
      userId: world.userId(user),
      day: day.toISOString().slice(0, 10),
      siliconLevel: levelsOfCell(cellOfUser(user)).silicon,
      sessions,
      contents: sessions === 0 ? 0 : perDay.sample(random),
      messages: sessions * random.int(20),
    };
  };
}

/** Six decimals: about 0.1 m. */
function roundDegrees(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}
