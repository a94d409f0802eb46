import { untilAgreed } from '../../shared/server/until-agreed.ts';

/** Asks the members of a topology until it is so. Throws as {@link untilAgreed}, by default after the same time. */
export function until(what: string, attempt: () => Promise<boolean>, timeoutMs?: number): Promise<boolean> {
  const message = (last: string) => `Timed out waiting for the members of the topology to agree: ${what} (${last}).`;
  return untilAgreed('redis', attempt, message, timeoutMs);
}
