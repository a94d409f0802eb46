import { randomUUID } from 'node:crypto';
import type { RedisClient } from '../server/client.ts';

/** A lock that is held. Its token tells its holder from whoever holds it later. */
export interface HeldLock {
  /** `lock:<name>`. */
  readonly key: string;
  /** Made anew each time that a lock is taken. */
  readonly token: string;
}

/**
 * Takes a lock for `lifetimeMs`, in milliseconds, or returns `undefined` where another holds it.
 * It does not exclude others across a failover, nor after a pause longer than its lifetime: what must be exact needs
 * a fencing token at the store that is written to.
 *
 *     const lock = await acquireLock(redis, 'nightly-report', 30_000);
 *     if (lock === undefined) return;
 *     try {
 *       await makeReport();
 *     } finally {
 *       await releaseLock(redis, lock);
 *     }
 */
export async function acquireLock(
  client: RedisClient,
  name: string,
  lifetimeMs: number,
): Promise<HeldLock | undefined> {
  const lock = { key: `lock:${name}`, token: randomUUID() };
  const answer = await client.set(lock.key, lock.token, 'PX', lifetimeMs, 'NX');
  return answer === 'OK' ? lock : undefined;
}

/**
 * Gives the lock back. Returns false where it was no longer ours: nothing is deleted then.
 * Needs the platform's schema, whose function in the server does it in one step.
 *
 *     const wasOurs = await releaseLock(redis, lock);
 */
export async function releaseLock(client: RedisClient, lock: HeldLock): Promise<boolean> {
  return (await client.fcall('taishang_release_lock', 1, lock.key, lock.token)) === 1;
}

/**
 * Holds the lock for `lifetimeMs` from now, in milliseconds. Returns false where it was no longer ours.
 * Needs the platform's schema, as {@link releaseLock} does.
 *
 *     if (!(await extendLock(redis, lock, 30_000))) throw new Error('the lock was lost');
 */
export async function extendLock(client: RedisClient, lock: HeldLock, lifetimeMs: number): Promise<boolean> {
  return (await client.fcall('taishang_extend_lock', 1, lock.key, lock.token, lifetimeMs)) === 1;
}
