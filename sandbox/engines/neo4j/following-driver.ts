import type { Driver } from 'neo4j-driver';
import type { RunningEngine } from '../topology.ts';
import { createDriver } from './connection.ts';
import { accessThrough } from './roles.ts';

/** A driver on the node that takes writes, whichever that is. */
export interface FollowingDriver extends AsyncDisposable {
  /** The driver, on the node that was found last or is found now. Nothing where no node takes writes. */
  readonly reach: () => Promise<Driver | undefined>;
  /** What was found is looked for again. */
  readonly drop: () => Promise<void>;
}

/** Community has no routing: a client asks each node whether it takes writes. */
export function createFollowingDriver(running: RunningEngine): FollowingDriver {
  // The search itself is kept, so that operations side by side share one.
  let finding: Promise<Driver | undefined> | undefined;
  const drop = async () => {
    const old = finding;
    finding = undefined;
    await (await old)?.close().catch(() => {});
  };
  return {
    reach: async () => {
      finding ??= findDriver(running);
      const found = await finding;
      if (found === undefined) finding = undefined;
      return found;
    },
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

/** A connection that is not made within this time is not waited for, in milliseconds. */
const connectMs = 1_500;

async function findDriver({ nodes, secrets }: RunningEngine): Promise<Driver | undefined> {
  for (const node of nodes) {
    // The one that asks is the one that is kept: a server that has just started is slow to take connections.
    const driver = createDriver(node, secrets, { connectMs });
    // Of one node nothing has to be asked but whether it is there: a cold server takes long for its first questions.
    const takesWrites = nodes.length === 1 ? driver.getServerInfo().then(() => true) : asksIfWritable(driver);
    if (await takesWrites.catch(() => false)) return driver;
    await driver.close();
  }
  return undefined;
}

async function asksIfWritable(driver: Driver): Promise<boolean> {
  return (await accessThrough(driver)).takesWrites;
}
