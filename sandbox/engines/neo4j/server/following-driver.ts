import type { Driver } from 'neo4j-driver';
import { within } from '../../../core/within.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { accessThrough } from '../failover/roles.ts';
import { createDriver } from './connection.ts';
import { createUses } from './driver-uses.ts';

/** A driver on the node that takes writes, whichever that is. */
export interface FollowingDriver extends AsyncDisposable {
  /** The driver, on the node that took a write last or says now that it takes them. Nothing where no node does. */
  readonly reach: () => Promise<Driver | undefined>;
  /**
   * The driver for a write, on the node that took one last or on any that answers: a standby refuses the write itself,
   * which takes a cold server less than the question whether it would. Nothing where no node answers.
   */
  readonly reachForWrite: () => Promise<Driver | undefined>;
  /** The node of this driver took a write. */
  readonly tookWrite: (driver: Driver) => void;
  /**
   * Runs `work`, which uses this driver. The driver forgets queries that run when it is closed: neither a result nor an
   * error comes. So a driver that is dropped is closed once its work has ended, or five seconds later, when work that
   * still runs throws.
   */
  readonly during: <Value>(driver: Driver, work: () => Promise<Value>) => Promise<Value>;
  /** What was found is looked for again, on the other nodes first. */
  readonly drop: () => Promise<void>;
}

interface Found {
  readonly driver: Driver;
  readonly place: number;
}

/** How long work on a dropped driver may take to end, in milliseconds: less than a drill waits for an answer. */
const endMs = 5_000;

/** Community has no routing: a client tries each node. */
export function createFollowingDriver(running: RunningEngine): FollowingDriver {
  // The search itself is kept, so that operations side by side share one.
  let finding: Promise<Found | undefined> | undefined;
  let writer: Driver | undefined;
  let firstPlace = 0;
  const uses = createUses(endMs);

  const find = async (): Promise<Found | undefined> => {
    finding ??= findDriver(running, firstPlace);
    const found = await finding;
    if (found === undefined) finding = undefined;
    return found;
  };
  const drop = async () => {
    const old = finding;
    finding = undefined;
    const found = await old;
    if (found === undefined) return;
    firstPlace = (found.place + 1) % running.nodes.length;
    uses.retire(found.driver);
  };
  const reach = async () => {
    for (const _ of running.nodes) {
      const found = await find();
      if (found === undefined) return undefined;
      if (found.driver === writer || running.nodes.length === 1) return found.driver;
      const access = await accessThrough(found.driver).catch(() => undefined);
      if (access?.takesWrites) {
        writer = found.driver;
        return writer;
      }
      await drop();
    }
    return undefined;
  };
  return {
    reach,
    reachForWrite: async () => (await find())?.driver,
    tookWrite: (driver) => {
      writer = driver;
    },
    during: uses.during,
    drop,
    [Symbol.asyncDispose]: async () => {
      await drop();
      await uses.end();
    },
  };
}

/** A node that does not answer within this time is not waited for, in milliseconds. */
const connectMs = 1_500;
/** A node that has answered may take longer for further connections: a cold, busy server took 1.5 s for twenty at once. */
const acquireMs = 5_000;

/** A driver on the first node from this place on that answers. */
async function findDriver({ nodes, secrets }: RunningEngine, firstPlace: number): Promise<Found | undefined> {
  for (const offset of nodes.keys()) {
    const place = (firstPlace + offset) % nodes.length;
    const node = nodes[place];
    if (node === undefined) continue;
    // The one that asks is the one that is kept: a server that has just started is slow to take connections.
    const driver = createDriver(node, secrets, { connectMs, acquireMs });
    const answers = await answersWithin(driver, connectMs);
    if (answers) return { driver, place };
    await driver.close();
  }
  return undefined;
}

function answersWithin(driver: Driver, timeoutMs: number): Promise<boolean> {
  return within(driver.getServerInfo(), { timeoutMs, onTimeout: () => new Error('no answer in time') }).then(
    () => true,
    () => false,
  );
}
