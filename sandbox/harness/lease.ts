import { checkFlag, checkOptionsOf } from '../core/option-checks.ts';
import { asCalled } from '../core/process/called-as.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { EntityRows, Isolation, Place } from '../engines/contract/isolation.ts';
import { type EngineName, engineNames } from '../engines/engine-names.ts';
import type { EngineClient, engineEntries } from '../engines/index.ts';
import type { BrokerClient } from './broker/protocol/broker-client.ts';
import { environmentOf } from './broker/protocol/messages.ts';
import { leaseNotFound } from './broker/shown-lease.ts';
import { engineOfStore, storeName } from './broker/store-name.ts';
import { leaseChecks } from './check-options.ts';
import type { Given } from './given/given.ts';
import { givenBy } from './given/load-given.ts';
import { refuseDangling, refuseDoubled } from './given/refuse-rows.ts';
import type { QueryReport } from './insight/findings.ts';
import { isolationOf } from './isolation-of.ts';
import type { IsolationChoice, SettledLeaseSettings } from './lease-settings.ts';
import { type OpenStore, openStore, type Store } from './open-store.ts';
import { inProcess, openSessionStore } from './rolled-back/open-session-store.ts';
import type { Sessions } from './rolled-back/sessions.ts';

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
  readonly store: <Each extends EngineName>(engine: Each, how?: StoreWait) => Promise<Stores<Each>[Each]>;
  /** Makes users, contents and so on, and writes each into all stores of the lease that hold it. */
  readonly given: Given;
  /**
   * Variables of all its stores, passwords included, for a service in another process. Throws `NOT_SUPPORTED` where one of
   * them is rolled back: no other process can have it.
   */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Closes its clients and gives its stores back, to be made as new. Those of a failed test are kept for a while, where
   * the harness keeps any. Throws `ISOLATION_BROKEN` where it verifies, and a store is not as new, and `NOT_SUPPORTED` where
   * work that was to be rolled back was committed.
   */
  readonly release: (how?: HowItEnded) => Promise<Released>;
}

interface StoreWait {
  /** How long it is waited for, in milliseconds. Default: that of the lease. */
  readonly waitMs?: number;
}

interface HowItEnded {
  /** Whether the test has failed: its stores are kept then. Default: false. */
  readonly failed?: boolean;
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
  /** Modes that were chosen and are no default. */
  readonly modes: IsolationChoice;
  /** Of engines whose work is rolled back, those of this process. */
  readonly sessions: Sessions;
  /** Told when it was given back, or could not be. */
  readonly onReleased: () => void;
}

/** Leases over a broker. */
export async function leaseOver<Name extends EngineName>(
  {
    engines,
    label,
    waitMs,
    keepFailed,
    keepFailedForMs,
    verify,
    insight,
    faults,
    modes,
    sessions,
    onReleased,
  }: LeaseTerms<Name>,
  attached: () => Promise<BrokerClient>,
): Promise<Lease<Name>> {
  const broker = await attached();
  const ofSessions = await openSessions(engines.filter(sessions.has));
  const ofPlaces = engines.filter((engine) => !sessions.has(engine));
  const { lease: id, places } = await broker
    .ask<'lease'>({
      ...{ ask: 'lease', label, engines: ofPlaces.map(nameOf), waitMs },
      ...withoutUndefined({ insight }),
    })
    .catch(async (thrown) => {
      await Promise.allSettled(ofSessions.map((each) => each[Symbol.asyncDispose]()));
      throw thrown;
    });
  const asked = new Map<EngineName, Promise<Store>>();
  const opened: OpenStore[] = [];
  /** Rows that the test was given: a store that is opened later gets them too. */
  const written: EntityRows[] = [];
  let lastTurn: Promise<unknown> = Promise.resolve();
  const stores: Record<string, Store> = {};
  let released: Promise<Released> | undefined;
  try {
    for (const made of ofSessions) await storeAt(made.engine, async () => made);
    for (const [name, place] of Object.entries(places)) {
      const engine = engineOfStore(name) as EngineName;
      await storeAt(engine, () => openPlace(engine, place));
    }
  } catch (thrown) {
    await release();
    throw thrown;
  }
  return {
    id,
    stores: stores as Stores<Name>,
    given: givenBy((rows) => inTurn(() => write(rows))),
    async store(engine, how = {}) {
      checkOptionsOf<StoreWait>('store', how, { waitMs: leaseChecks.waitMs });
      if (released !== undefined) throw leaseNotFound(id);
      return storeAt(engine, () => openLater(engine, how.waitMs ?? waitMs)) as Promise<never>;
    },
    get environment() {
      return environmentOf(stores);
    },
    release,
    [Symbol.asyncDispose]: async () => void (await release()),
  };

  function storeAt(engine: EngineName, openIt: () => Promise<OpenStore>): Promise<Store> {
    const there = asked.get(engine);
    if (there !== undefined) return there;
    const opening = openIt().then(addStore);
    asked.set(engine, opening);
    opening.catch(() => asked.delete(engine));
    return opening;
  }

  async function openLater(engine: EngineName, withinMs: number): Promise<OpenStore> {
    if (sessions.has(engine)) return openSession(engine, withinMs);
    const place = await broker.ask<'place'>({ ask: 'place', lease: id, engine: nameOf(engine), waitMs: withinMs });
    return openPlace(engine, place);
  }

  function openPlace(engine: EngineName, place: Place): Promise<OpenStore> {
    return openStore(engine, place, {
      isolationOf,
      canFail: canFail(engine),
      drift: () => broker.ask<'drift'>({ ask: 'drift', lease: id, engine: nameOf(engine) }),
    });
  }

  /** Before anything else: who waits for one holds nothing. */
  async function openSessions(wanted: readonly EngineName[]): Promise<readonly OpenStore[]> {
    const made: OpenStore[] = [];
    try {
      for (const engine of wanted) made.push(await openSession(engine));
      return made;
    } catch (thrown) {
      await Promise.allSettled(made.map((each) => each[Symbol.asyncDispose]()));
      throw thrown;
    }
  }

  async function openSession(engine: EngineName, withinMs = waitMs): Promise<OpenStore> {
    if (canFail(engine)) throw inProcess(engine, 'faults of its own');
    return openSessionStore(engine, await sessions.take(engine, withinMs));
  }

  async function addStore(made: OpenStore): Promise<Store> {
    try {
      await inTurn(async () => {
        for (const rows of written) {
          await refuseDoubled([made], rows);
          await made.addRows(rows);
        }
        // It may have been given back meanwhile.
        if (released !== undefined) throw leaseNotFound(id);
        opened.push(made);
        stores[made.engine] = made.store;
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

  function nameOf(engine: EngineName): string {
    return storeName(engine, modes[engine]);
  }

  /** The broker looks at the queries of places that a lease has. */
  function withSessions(queries: QueryReport | undefined): QueryReport | undefined {
    const notSeen = opened.filter(({ engine }) => sessions.has(engine));
    const reason = 'its tests share a session, which is watched for none of them alone';
    return queries && { ...queries, notRun: [...queries.notRun, ...notSeen.map(({ engine }) => ({ engine, reason }))] };
  }

  function canFail(engine: EngineName): boolean {
    return faults === true || faults.includes(engine);
  }

  async function release(how: HowItEnded = {}): Promise<Released> {
    checkOptionsOf<HowItEnded>('release', how, { failed: checkFlag });
    const { failed = false } = how;
    released ??= (async () => {
      const closed = await Promise.allSettled(opened.map((each) => each[Symbol.asyncDispose]()));
      const keep = failed ? { keep: { atMost: keepFailed, forMs: keepFailedForMs } } : {};
      const { kept, queries } = await broker.ask<'release'>({ ask: 'release', lease: id, verify, ...keep });
      for (const [at, each] of closed.entries()) {
        const isSession = sessions.has(opened[at]?.engine as EngineName);
        if (each.status === 'rejected' && isSession) throw each.reason;
      }
      return {
        ...(kept ? { kept: howToOpen(id, label) } : {}),
        ...withoutUndefined({ queries: withSessions(queries) }),
      };
    })().finally(onReleased);
    return released;
  }
}

/** What a failed test prints. */
function howToOpen(id: string, label: string): string {
  return asCalled(`The stores of "${label}" are kept: npm run sandbox -- lease open ${id}`);
}
