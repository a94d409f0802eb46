import type { Driver } from 'neo4j-driver';

/** What runs on drivers that may be given up meanwhile. */
interface DriverUses {
  /** Runs `work` on a driver. Throws what it throws, or that its driver was closed. */
  readonly during: <Value>(driver: Driver, work: () => Promise<Value>) => Promise<Value>;
  /** Closes a driver once nothing runs on it, at the latest after the time given; returns at once. */
  readonly retire: (driver: Driver) => void;
  /** Ends what still runs on retired drivers, and returns once all are closed. */
  readonly end: () => Promise<void>;
}

interface Use {
  readonly promise: Promise<unknown>;
  readonly reject: (reason: Error) => void;
}

interface Retired {
  readonly giveUp: () => void;
  readonly closed: Promise<void>;
}

/** Keeps count of what runs on each driver: one that is closed never answers what it was asked before. */
export function createUses(endMs: number): DriverUses {
  const running = new Map<Driver, Set<Use>>();
  const retired = new Set<Retired>();

  const during = async <Value>(driver: Driver, work: () => Promise<Value>): Promise<Value> => {
    const use = Promise.withResolvers<Value>();
    const uses = running.get(driver) ?? new Set();
    running.set(driver, uses.add(use));
    work().then(use.resolve, use.reject);
    try {
      return await use.promise;
    } finally {
      uses.delete(use);
      if (uses.size === 0) running.delete(driver);
    }
  };
  const retire = (driver: Driver) => {
    const uses = [...(running.get(driver) ?? [])];
    const giveUp = () => {
      for (const { reject } of uses) reject(new Error('the connection was given up before there was an answer'));
    };
    const timer = setTimeout(giveUp, endMs);
    const close = async () => {
      await Promise.allSettled(uses.map(({ promise }) => promise));
      clearTimeout(timer);
      await driver.close().catch(() => {});
      retired.delete(entry);
    };
    const entry: Retired = { giveUp, closed: close() };
    retired.add(entry);
  };
  const end = async () => {
    for (const { giveUp } of retired) giveUp();
    await Promise.all([...retired].map(({ closed }) => closed));
  };
  return { during, retire, end };
}
