import type { Lease } from '../lease.ts';

/**
 * A lease that is there before its test is over. One that comes later is released: Vitest goes on with the fixtures of a test
 * that has timed out, and cleans nothing up that they open then. Throws the signal's reason.
 */
export async function leaseInTime<Taken extends Pick<Lease, 'release'>>(
  taking: Promise<Taken>,
  signal: AbortSignal,
): Promise<Taken> {
  const lease = await taking;
  if (!signal.aborted) return lease;
  await lease.release();
  throw signal.reason;
}
