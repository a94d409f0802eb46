import type { PlaceOwner } from '../../../sandbox/engines/contract/isolation.ts';
import { type Broker, createBroker } from '../../../sandbox/harness/broker/broker.ts';
import type { Holder } from '../../../sandbox/harness/broker/held-lease.ts';
import type { KeptLease } from '../../../sandbox/harness/broker/kept/kept-record.ts';
import { type MemoryServer, memoryServer } from './memory-engine.ts';

/** A broker of servers in memory, by the names of engines. */
export interface TestBroker {
  readonly broker: Broker;
  readonly servers: Readonly<Record<string, MemoryServer>>;
  /** What is written down of kept leases. */
  readonly written: () => readonly KeptLease[];
  /** Processes that have ended. */
  readonly dead: Set<number>;
}

export const owner = (pid: number): PlaceOwner => ({ pid, startedAtMs: 1 });
export const holder = (pid: number): Holder => ({ owner: owner(pid) });

export async function testBroker(
  servers: Readonly<Record<string, MemoryServer>> = { red: memoryServer() },
  {
    pid = 1,
    kept = [] as readonly KeptLease[],
    contentOf = async (): Promise<string | undefined> => 'one',
    maximum = {},
  } = {},
): Promise<TestBroker> {
  let record = kept;
  const dead = new Set<number>();
  const broker = await createBroker({
    async engineOf(name) {
      const server = servers[name];
      if (server === undefined) throw new Error(`there is no engine ${name}`);
      return server.engine;
    },
    contentOf,
    maximum,
    record: {
      read: async () => record,
      async write(leases) {
        record = leases;
      },
    },
    owner: owner(pid),
    isAlive: (asked) => !dead.has(asked.pid),
  });
  return { broker, servers, written: () => record, dead };
}
