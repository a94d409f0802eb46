import { asCalled } from '../core/process/called-as.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { EntityRows, Isolation, Place } from '../engines/contract/isolation.ts';
import { type EngineName, engineNames } from '../engines/engine-names.ts';
import type { EngineClient, engineEntries } from '../engines/index.ts';
import type { BrokerClient } from './broker/protocol/broker-client.ts';
import { environmentOf } from './broker/protocol/messages.ts';
import { leaseNotFound } from './broker/shown-lease.ts';
import type { Given } from './given/given.ts';
import { givenBy } from './given/load-given.ts';
import { refuseDangling, refuseDoubled } from './given/refuse-rows.ts';
import type { QueryReport } from './insight/findings.ts';
import { isolationOf } from './isolation-of.ts';
import type { SettledLeaseSettings } from './lease-settings.ts';
import { type OpenStore, openStore, type Store } from './open-store.ts';

/** The driver's client of a test's own store. */
type StoreClient<Name extends EngineName> =
  Awaited<ReturnType<(typeof engineEntries)[Name]['load']>> extends { readonly isolation: Isolation<infer Client> }
    ? Client
    : EngineClient<Name>;

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
  /** Makes users, contents and so on, and writes each into all stores of the lease that hold it. */
  readonly given: Given;
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
  /** What its queries were like, where they were to be looked at. */
  readonly queries?: QueryReport;
}

/** Everything that a lease needs to know of its harness. */
export interface LeaseTerms<Name extends EngineName> extends SettledLeaseSettings {
  readonly engines: readonly Name[];
  readonly label: string;
  /** Engines whose stores can fail: there is a proxy of this process before each. */
  readonly faults: readonly EngineName[] | true;
}

/** Leases over a broker. */
export async function leaseOver<Name extends EngineName>(
  { engines, label, waitMs, keepFailed, keepFailedForMs, verify, insight, faults }: LeaseTerms<Name>,
  attached: () => Promise<BrokerClient>,
): Promise<Lease<Name>> {
  const broker = await attached();
  const { lease: id, places } = await broker.ask<'lease'>({
    ...{ ask: 'lease', label, engines, waitMs },
    ...withoutUndefined({ insight }),
  });
  const asked = new Map<EngineName, Promise<Store>>();
  const opened: OpenStore[] = [];
  /** Rows that the test was given: a store that is opened later gets them too. */
  const written: EntityRows[] = [];
  let lastTurn: Promise<unknown> = Promise.resolve();
  const stores: Record<string, Store> = {};
  let released: Promise<Released> | undefined;
  try {
    for (const [engine, place] of Object.entries(places)) await storeAt(engine as EngineName, async () => place);
  } catch (thrown) {
    await release();
    throw thrown;
  }
  return {
    id,
    stores: stores as Stores<Name>,
    given: givenBy((rows) => inTurn(() => write(rows))),
    async store(engine) {
      if (released !== undefined) throw leaseNotFound(id);
      return storeAt(engine, () => broker.ask<'place'>({ ask: 'place', lease: id, engine, waitMs })) as Promise<never>;
    },
    get environment() {
      return environmentOf(stores);
    },
    release,
    [Symbol.asyncDispose]: async () => void (await release()),
  };

  function storeAt(engine: EngineName, placeOf: () => Promise<Place>): Promise<Store> {
    const there = asked.get(engine);
    if (there !== undefined) return there;
    const opening = placeOf().then((place) => open(engine, place));
    asked.set(engine, opening);
    opening.catch(() => asked.delete(engine));
    return opening;
  }

  async function open(engine: EngineName, place: Place): Promise<Store> {
    const made = await openStore(engine, place, {
      isolationOf,
      canFail: canFail(engine),
      drift: () => broker.ask<'drift'>({ ask: 'drift', lease: id, engine }),
    });
    try {
      await inTurn(async () => {
        for (const rows of written) {
          await refuseDoubled([made], rows);
          await made.addRows(rows);
        }
        // It may have been given back meanwhile.
        if (released !== undefined) throw leaseNotFound(id);
        opened.push(made);
        stores[engine] = made.store;
      });
    } catch (thrown) {
      await made[Symbol.asyncDispose]();
      throw thrown;
    }
    return made.store;
  }

  /** Into one store after the other: where one refuses, those behind it are not written to. */
  async function write(rows: EntityRows): Promise<void> {
    if (released !== undefined) throw leaseNotFound(id);
    const inOrder = opened.toSorted(
      (left, right) => engineNames.indexOf(left.engine) - engineNames.indexOf(right.engine),
    );
    await refuseDoubled(inOrder, rows);
    await refuseDangling(inOrder, rows);
    for (const each of inOrder) await each.addRows(rows);
    written.push(rows);
  }

  /** No store is opened while rows are written. */
  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = lastTurn.then(work);
    lastTurn = turn.catch(() => {});
    return turn;
  }

  function canFail(engine: EngineName): boolean {
    return faults === true || faults.includes(engine);
  }

  function release({ failed = false }: { readonly failed?: boolean } = {}): Promise<Released> {
    released ??= (async () => {
      await Promise.allSettled(opened.map((each) => each[Symbol.asyncDispose]()));
      const keep = failed ? { keep: { atMost: keepFailed, forMs: keepFailedForMs } } : {};
      const { kept, queries } = await broker.ask<'release'>({ ask: 'release', lease: id, verify, ...keep });
      return { ...(kept ? { kept: howToOpen(id, label) } : {}), ...withoutUndefined({ queries }) };
    })();
    return released;
  }
}

/** What a failed test prints. */
function howToOpen(id: string, label: string): string {
  return asCalled(`The stores of "${label}" are kept: npm run sandbox -- lease open ${id}`);
}
