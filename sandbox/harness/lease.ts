import { asCalled } from '../core/called-as.ts';
import type { Isolation, Place } from '../engines/contract/isolation.ts';
import type { Connection } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import type { EngineClient, engineEntries } from '../engines/index.ts';
import type { BrokerClient } from './broker/broker-client.ts';
import { isolationOf } from './isolation-of.ts';
import type { LeaseSettings } from './lease-settings.ts';

/** The driver's client of a test's own store. */
type StoreClient<Name extends EngineName> =
  Awaited<ReturnType<(typeof engineEntries)[Name]['load']>> extends { readonly isolation: Isolation<infer Client> }
    ? Client
    : EngineClient<Name>;

/** One test's store of one engine. */
interface Store<Client = unknown> extends Place {
  /** The driver's client, opened when it is first asked for and closed with the lease. */
  readonly client: () => Promise<Client>;
}

/** A test's own store of each engine, with its driver's client. */
export type Stores<Name extends EngineName> = { readonly [Each in Name]: Store<StoreClient<Each>> };

/** Stores of one test's own. What is disposed of is released. */
export interface Lease<Name extends EngineName = EngineName> extends AsyncDisposable {
  /** What `lease list` and `lease open` call it. */
  readonly id: string;
  /** Those of the engines that it was made for. */
  readonly stores: Stores<Name>;
  /** The store of one more engine, which costs nothing before. Throws `LEASE_TIMEOUT`. */
  readonly store: <Each extends EngineName>(engine: Each) => Promise<Stores<Each>[Each]>;
  /** Variables of all its stores, passwords included, for a service in another process. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Closes its clients and gives its stores back, to be made as new. Those of a failed test are kept for a while, where
   * the harness keeps any. Throws `ISOLATION_BROKEN` where it verifies, and a store is not as new.
   */
  readonly release: (how?: { readonly failed?: boolean }) => Promise<Released>;
}

interface Released {
  /** How to open the stores of a failed test, where they are kept. */
  readonly kept?: string;
}

/** Everything that a lease needs to know of its harness. */
export interface LeaseTerms<Name extends EngineName> extends Required<LeaseSettings> {
  readonly engines: readonly Name[];
  readonly label: string;
}

/** Leases over a broker. */
export async function leaseOver<Name extends EngineName>(
  { engines, label, waitMs, keepFailed, keepFailedForMs, verify }: LeaseTerms<Name>,
  attached: () => Promise<BrokerClient>,
): Promise<Lease<Name>> {
  const broker = await attached();
  const { lease: id, places } = await broker.ask<'lease'>({ ask: 'lease', label, engines, waitMs });
  const connections: Promise<Connection<unknown>>[] = [];
  const stores: Record<string, Store> = {};
  for (const [engine, place] of Object.entries(places)) stores[engine] = storeOf(engine as EngineName, place);
  let released: Promise<Released> | undefined;
  return {
    id,
    stores: stores as Stores<Name>,
    store,
    get environment() {
      return Object.assign({}, ...Object.values(stores).map(({ environment }) => environment));
    },
    release,
    [Symbol.asyncDispose]: async () => void (await release()),
  };

  async function store<Each extends EngineName>(engine: Each): Promise<Stores<Each>[Each]> {
    const place = await broker.ask<'place'>({ ask: 'place', lease: id, engine, waitMs });
    stores[engine] ??= storeOf(engine, place);
    return stores[engine] as Stores<Each>[Each];
  }

  function storeOf(engine: EngineName, place: Place): Store {
    let opening: Promise<Connection<unknown>> | undefined;
    return {
      ...place,
      async client() {
        if (opening === undefined) {
          opening = isolationOf(engine).then((isolation) => isolation.connect(place));
          connections.push(opening);
        }
        return (await opening).client;
      },
    };
  }

  function release({ failed = false }: { readonly failed?: boolean } = {}): Promise<Released> {
    released ??= (async () => {
      await Promise.allSettled(connections.map(async (opening) => (await opening)[Symbol.asyncDispose]()));
      const keep = failed ? { keep: { atMost: keepFailed, forMs: keepFailedForMs } } : {};
      const { kept } = await broker.ask<'release'>({ ask: 'release', lease: id, verify, ...keep });
      return kept ? { kept: howToOpen(id, label) } : {};
    })();
    return released;
  }
}

/** What a failed test prints. */
function howToOpen(id: string, label: string): string {
  return asCalled(`The stores of "${label}" are kept: npm run sandbox -- lease open ${id}`);
}
