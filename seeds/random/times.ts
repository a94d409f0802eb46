/** The moment that the world's times are relative to. */
export const referenceTime = new Date('2026-01-01T00:00:00.000Z');

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Conversations and temporary contents older than this are cleaned up: the specification's 30 days. */
export const cleanupAgeMs = 30 * dayMs;

/** Sessions that live must outlive every clock that compares with them. */
export const farFuture = new Date('2099-12-31T23:59:59.000Z');

/** The moment this long before the reference time. */
export function beforeReference(ageMs: number): Date {
  return new Date(referenceTime.getTime() - Math.floor(ageMs));
}
