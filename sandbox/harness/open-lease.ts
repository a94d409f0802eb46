import { checkFlag, checkOptionsOf } from '../core/option-checks.ts';
import { asCalled } from '../core/process/called-as.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import { checkEngines } from '../engines/check-engine-names.ts';
import type { Place } from '../engines/contract/isolation.ts';
import type { EngineName } from '../engines/engine-names.ts';
import type { BrokerClient } from './broker/protocol/broker-client.ts';
import { environmentOf } from './broker/protocol/messages.ts';
import { leaseNotFound } from './broker/shown-lease.ts';
import { engineOfStore, storeName } from './broker/store-name.ts';
import { givenBy } from './given/load-given.ts';
import type { QueryReport } from './insight/findings.ts';
import { isolationOf } from './isolation-of.ts';
import type { HowItEnded, Lease, Released, Stores } from './lease.ts';
import type { IsolationChoice, SettledLeaseSettings } from './lease-settings.ts';
import { leaseStores } from './lease-stores.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { inProcess, openSessionStore } from './rolled-back/open-session-store.ts';
import type { Sessions } from './rolled-back/sessions.ts';
import { sharedWait } from './shared-wait.ts';

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

/** A lease of stores that a broker hands out, and of sessions of this process. */
export async function openLease<Name extends EngineName>(
  terms: LeaseTerms<Name>,
  attached: () => Promise<BrokerClient>,
): Promise<Lease<Name>> {
  const { engines, label, waitMs, keepFailed, keepFailedForMs, verify, insight, faults, modes, sessions } = terms;
  const broker = await attached();
  const inTime = sharedWait(waitMs);
  const ofSessions = await openSessions(engines.filter(sessions.has));
  const ofPlaces = engines.filter((engine) => !sessions.has(engine));
  const asked = { ask: 'lease', label, engines: ofPlaces.map(nameOf), ...withoutUndefined({ insight }) } as const;
  const { lease: id, places } = await inTime((leftMs) => broker.ask<'lease'>({ ...asked, waitMs: leftMs })).catch(
    async (thrown) => {
      await Promise.allSettled(ofSessions.map((each) => each[Symbol.asyncDispose]()));
      throw thrown;
    },
  );
  let released: Promise<Released> | undefined;
  const stores = leaseStores(refuseOver);
  try {
    for (const made of ofSessions) await stores.at(made.engine, async () => made);
    for (const [name, place] of Object.entries(places)) {
      const engine = engineOfStore(name) as EngineName;
      await stores.at(engine, () => openPlace(engine, place));
    }
  } catch (thrown) {
    await release();
    throw thrown;
  }
  return {
    id,
    stores: stores.byEngine as Stores<Name>,
    given: givenBy(stores.write),
    async store(engine) {
      refuseOver();
      checkEngines('store', [engine]);
      return stores.at(engine, () => openLater(engine)) as Promise<never>;
    },
    get environment() {
      return environmentOf(stores.byEngine);
    },
    release,
    [Symbol.asyncDispose]: async () => void (await release()),
  };

  function refuseOver(): void {
    if (released !== undefined) throw leaseNotFound(id);
  }

  async function openLater(engine: EngineName): Promise<OpenStore> {
    if (sessions.has(engine)) return openSession(engine);
    const asked = { ask: 'place', lease: id, engine: nameOf(engine) } as const;
    return openPlace(engine, await inTime((leftMs) => broker.ask<'place'>({ ...asked, waitMs: leftMs })));
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

  async function openSession(engine: EngineName): Promise<OpenStore> {
    if (canFail(engine)) throw inProcess(engine, 'faults of its own');
    return openSessionStore(engine, await inTime((leftMs) => sessions.take(engine, leftMs)));
  }

  function nameOf(engine: EngineName): string {
    return storeName(engine, modes[engine]);
  }

  /** The broker looks at the queries of places that a lease has. */
  function withSessions(queries: QueryReport | undefined): QueryReport | undefined {
    const notSeen = stores.open.filter(({ engine }) => sessions.has(engine));
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
      const closed = await Promise.allSettled(stores.open.map((each) => each[Symbol.asyncDispose]()));
      const keep = failed ? { keep: { atMost: keepFailed, forMs: keepFailedForMs } } : {};
      const { kept, queries } = await broker.ask<'release'>({ ask: 'release', lease: id, verify, ...keep });
      for (const [at, each] of closed.entries()) {
        const isSession = sessions.has(stores.open[at]?.engine as EngineName);
        if (each.status === 'rejected' && isSession) throw each.reason;
      }
      return {
        ...(kept ? { kept: howToOpen(id, label) } : {}),
        ...withoutUndefined({ queries: withSessions(queries) }),
      };
    })().finally(terms.onReleased);
    return released;
  }
}

/** What a failed test prints. */
function howToOpen(id: string, label: string): string {
  return asCalled(`The stores of "${label}" are kept: npm run sandbox -- lease open ${id}`);
}
