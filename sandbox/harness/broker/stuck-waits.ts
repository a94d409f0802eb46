import { SandboxError } from '../../core/errors.ts';
import type { HeldLease } from './held-lease.ts';
import type { PoolStatus } from './protocol/messages.ts';

/** A lease that waits for one more store. */
export interface Wait {
  readonly lease: HeldLease;
  readonly engine: string;
  /** Ends the wait. */
  readonly refuse: (reason: SandboxError) => void;
}

/** Waits that can never end: each is for stores that only others who wait so have. The one that began last is the last. */
export function stuckWaits(
  waits: readonly Wait[],
  leases: readonly HeldLease[],
  pools: ReadonlyMap<string, PoolStatus>,
): readonly Wait[] {
  let stuck = waits;
  for (;;) {
    const still = stuck.filter((wait) => {
      const pool = pools.get(wait.engine);
      // Where one is ready, comes, can be made, or is kept for somebody to look at, it ends.
      if (pool === undefined || pool.out < Math.max(pool.places, 1) || pool.ready + pool.coming > 0) return false;
      const holders = leases.filter(({ places }) => places.has(wait.engine));
      return holders.length === pool.out && holders.every((lease) => stuck.some((each) => each.lease === lease));
    });
    if (still.length === stuck.length) return stuck;
    stuck = still;
  }
}

/** What the last of them is told. */
export function leaseDeadlock(stuck: readonly Wait[]): SandboxError {
  const said = stuck.map(
    ({ lease, engine }) => `"${lease.label}" has ${[...lease.places.keys()].join(', ')} and waits for ${engine}`,
  );
  return new SandboxError({
    code: 'LEASE_DEADLOCK',
    message: `Tests wait for each other's stores, and none would ever have them: ${said.join('; ')}.`,
    next: 'Name the stores in the same order in every test, or take them at once: `environment`, or `lease({ engines: [...] })`. More of them at once, `maximum`, help too.',
  });
}
