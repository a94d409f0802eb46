import type { RolledBackSession } from '../../engines/contract/isolation.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import type { BrokerClient } from '../broker/protocol/broker-client.ts';
import { isolationOf } from '../isolation-of.ts';

/** Sessions of this process whose work is rolled back, each in a place of its own. A test that ends leaves its to the next. */
export interface Sessions extends AsyncDisposable {
  /** Whether stores of this engine are sessions. */
  readonly has: (engine: EngineName) => boolean;
  /** Throws `LEASE_TIMEOUT`, and what the driver throws where it cannot connect. */
  readonly take: (engine: EngineName, waitMs: number) => Promise<TakenSession>;
}

/** A session that one test has. */
export interface TakenSession {
  readonly placeId: string;
  readonly client: unknown;
  /** Rolls its work back. Throws where that cannot be: the place is made anew then. */
  readonly giveBack: () => Promise<void>;
}

interface Held {
  readonly broker: BrokerClient;
  readonly lease: string;
  readonly placeId: string;
  readonly session: RolledBackSession;
}

/** Places are leased as they are needed, as many as this process has tests at once, and kept until it closes. */
export function rolledBackSessions(engines: readonly EngineName[], attached: () => Promise<BrokerClient>): Sessions {
  const free = new Map<EngineName, Held[]>(engines.map((engine) => [engine, []]));
  const all = new Set<Held>();
  return {
    has: (engine) => free.has(engine),
    async take(engine, waitMs) {
      const held = (await freeOf(engine)) ?? (await open(engine, waitMs));
      return {
        placeId: held.placeId,
        client: held.session.client,
        async giveBack() {
          try {
            await held.session.takeBack();
          } catch (thrown) {
            await end(held);
            throw thrown;
          }
          if (all.has(held)) free.get(engine)?.push(held);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const each of free.values()) each.length = 0;
      await Promise.allSettled([...all].map(end));
    },
  };

  /** The places of a broker that has ended are gone; a session that its server has ended is of no use. */
  async function freeOf(engine: EngineName): Promise<Held | undefined> {
    for (let held = free.get(engine)?.pop(); held !== undefined; held = free.get(engine)?.pop()) {
      if (held.broker.isOpen() && held.session.isOpen()) return held;
      await end(held);
    }
    return undefined;
  }

  async function open(engine: EngineName, waitMs: number): Promise<Held> {
    const { rolledBack } = await isolationOf(engine);
    if (rolledBack === undefined) throw new Error(`${engine} has no sessions that are rolled back`);
    const broker = await attached();
    const label = `tests of process ${process.pid} that are rolled back`;
    const { lease, places } = await broker.ask<'lease'>({ ask: 'lease', label, engines: [engine], waitMs });
    const place = places[engine];
    if (place === undefined) throw new Error(`the broker has leased no store of ${engine}`);
    try {
      const held = { broker, lease, placeId: place.id, session: await rolledBack.open(place) };
      all.add(held);
      return held;
    } catch (thrown) {
      await broker.ask<'release'>({ ask: 'release', lease, verify: false });
      throw thrown;
    }
  }

  async function end(held: Held): Promise<void> {
    const { broker, lease, session } = held;
    all.delete(held);
    await closed(session);
    if (broker.isOpen()) await broker.ask<'release'>({ ask: 'release', lease, verify: false });
  }
}

/** A connection that is gone already is closed too. */
async function closed(session: RolledBackSession): Promise<void> {
  try {
    await session[Symbol.asyncDispose]();
  } catch {
    // The server rolls back what it has left.
  }
}
