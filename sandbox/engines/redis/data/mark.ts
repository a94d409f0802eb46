import { type KeySpace, keySpaces, lifetimesS } from '../schema/cache.ts';
import type { Masters } from '../server/masters.ts';

/** Where the fingerprint of the loaded dataset is kept. It stays: what the caches held is known after they expired. */
const fingerprintKey = 'taishang:dataset';

/** When each key space was loaded, by the server's clock: who misses a key learns from it whether it had expired. */
export const loadedAtKey = 'taishang:dataset:loaded-at';

/** Releases up to 0.1.0 let the fingerprint go when the first caches expired, this long after the load began. */
const lifetimeOfOldMarkMs = Math.min(...Object.values(lifetimesS)) * 1_000;

/** When the load of a key space began, in milliseconds since 1970 by the server's clock. */
export type LoadedAtMs = Readonly<Record<KeySpace, number>>;

export async function readFingerprint(masters: Masters): Promise<string | undefined> {
  return (await masters.of(fingerprintKey).get(fingerprintKey)) ?? undefined;
}

/** `undefined` where nothing was loaded, or by a release that kept no such record. */
export async function readLoadedAt(masters: Masters): Promise<LoadedAtMs | undefined> {
  const text = await masters.of(loadedAtKey).get(loadedAtKey);
  return text === null ? undefined : (JSON.parse(text) as LoadedAtMs);
}

export async function writeLoadedAt(masters: Masters, loadedAtMs: LoadedAtMs): Promise<void> {
  await masters.of(loadedAtKey).set(loadedAtKey, JSON.stringify(loadedAtMs));
}

/** Says that a dataset was loaded: its caches, all since this moment. */
export async function writeMark(masters: Masters, fingerprint: string, beganMs: number): Promise<void> {
  await writeLoadedAt(
    masters,
    everySpaceAt(() => beganMs),
  );
  await masters.of(fingerprintKey).set(fingerprintKey, fingerprint);
}

/** The fingerprint first: data that is about to go must not be taken for complete. */
export async function forgetMark(masters: Masters): Promise<void> {
  await masters.of(fingerprintKey).del(fingerprintKey);
  await masters.of(loadedAtKey).del(loadedAtKey);
}

/** A mark of an earlier release would expire with the caches: it stays from now on, and says when they were loaded. */
export async function keepOldMark(masters: Masters): Promise<void> {
  const endsMs = await masters.of(fingerprintKey).pexpiretime(fingerprintKey);
  if (endsMs < 0) return;
  const began = endsMs - lifetimeOfOldMarkMs;
  await writeLoadedAt(
    masters,
    everySpaceAt(() => began),
  );
  await masters.of(fingerprintKey).persist(fingerprintKey);
}

/** Key spaces whose keys have begun to expire since they were loaded, by the server's clock. None where that is unknown. */
export async function expiredSpaces(masters: Masters): Promise<readonly KeySpace[]> {
  const loadedAtMs = await readLoadedAt(masters);
  if (loadedAtMs === undefined) return [];
  const nowMs = await serverTimeMs(masters);
  return keySpaces.filter((space) => nowMs >= loadedAtMs[space] + lifetimesS[space] * 1_000);
}

/** The server's own clock, in milliseconds since 1970: keys expire by it. */
export async function serverTimeMs(masters: Masters): Promise<number> {
  const [seconds, microseconds] = await masters.of(loadedAtKey).time();
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

export function everySpaceAt(momentOf: (space: KeySpace) => number): LoadedAtMs {
  return Object.fromEntries(keySpaces.map((space) => [space, momentOf(space)])) as Record<KeySpace, number>;
}
