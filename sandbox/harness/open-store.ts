import { messageOf, SandboxError } from '../core/errors.ts';
import type { EntityKeys, EntityRows, Isolation, Place } from '../engines/contract/isolation.ts';
import type { Connection } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { givenBack, openFaultPath } from './faults/fault-path.ts';
import type { StoreFault } from './faults/store-fault.ts';

/** One test's store of one engine. */
export interface Store<Client = unknown> extends Place {
  /**
   * The driver's client, opened when it is first asked for and closed with the lease. It goes where `uri` goes, and
   * meets the store's faults; `direct` goes round them, to look at the store meanwhile. Throws what the driver throws where
   * it cannot connect, and `LEASE_NOT_FOUND` once the store was given back.
   */
  readonly client: (how?: { readonly direct?: boolean }) => Promise<Client>;
  /**
   * Lets the store fail, for whoever uses its `uri` or its `environment`, and for no other test. It takes the place of the
   * fault before, and ends with `heal`, with what it returns, or with the lease. Throws `BAD_OPTION` where the lease was
   * made without `faults` of this engine, and `UNKNOWN_FAULT`.
   *
   *     await using _down = await redis.fault('down');
   */
  readonly fault: (fault: StoreFault) => Promise<AsyncDisposable>;
  /** Ends its fault. */
  readonly heal: () => Promise<void>;
  /**
   * How the store's schema differs from the platform's, a line each: what migrations have removed or changed, and not what
   * they have added. Empty: it does not. At most 50.
   */
  readonly schemaDrift: () => Promise<readonly string[]>;
  /** Throws `SCHEMA_INCOMPLETE` with the difference, where there is a {@link schemaDrift}. */
  readonly expectSchema: () => Promise<void>;
}

/** A store with what it has open. Disposing of it heals it and closes that. */
export interface OpenStore extends AsyncDisposable {
  readonly engine: EngineName;
  readonly store: Store;
  /** Those that it holds; round its faults. Throws `GIVEN_REFUSED`. */
  readonly addRows: (rows: EntityRows) => Promise<void>;
  /** Of each kind that it keeps, those of these that it has; round its faults. */
  readonly heldKeys: (keys: EntityKeys) => Promise<EntityKeys>;
}

/** What differs of a schema: how many objects, and the first of them. */
interface Drift {
  readonly count: number;
  readonly lines: readonly string[];
}

interface OpenStoreOptions {
  readonly isolationOf: (engine: EngineName) => Promise<Isolation>;
  readonly canFail: boolean;
  /** Asks whoever may read the catalogue. */
  readonly drift: () => Promise<Drift>;
}

/** Throws `NOT_SUPPORTED` where it is to fail, and its driver would go round that. */
export async function openStore(
  engine: EngineName,
  place: Place,
  { isolationOf, canFail, drift }: OpenStoreOptions,
): Promise<OpenStore> {
  const path = canFail ? await openFaultPath(place, await isolationOf(engine)) : undefined;
  const reached = path?.place ?? place;
  const connections = new Map<Place, Promise<Connection<unknown>>>();
  let isClosed = false;
  const store: Store = {
    ...reached,
    client: async ({ direct = false } = {}) => (await connectionTo(direct ? place : reached)).client,
    async fault(fault) {
      if (path === undefined) throw notOnThePath(engine);
      return path.fault(fault);
    },
    heal: async () => path?.heal(),
    schemaDrift: async () => (await drift()).lines,
    async expectSchema() {
      const found = await drift();
      if (found.count > 0) throw drifted(engine, found);
    },
  };
  return { engine, store, ...rowsInto(engine, { place, isolationOf, client: direct }), [Symbol.asyncDispose]: close };

  async function connectionTo(at: Place): Promise<Connection<unknown>> {
    if (isClosed) throw givenBack();
    const there = connections.get(at);
    if (there !== undefined) return there;
    const opening = isolationOf(engine).then((isolation) => isolation.connect(at));
    connections.set(at, opening);
    // One that met a fault is tried again when it is asked for again.
    opening.catch(() => connections.delete(at));
    return opening;
  }

  function direct(): Promise<unknown> {
    return store.client({ direct: true });
  }

  async function close(): Promise<void> {
    isClosed = true;
    // What is closed in order has to be heard.
    await path?.heal().catch(() => {});
    await Promise.allSettled([...connections.values()].map(async (opening) => (await opening)[Symbol.asyncDispose]()));
    await path?.[Symbol.asyncDispose]();
  }
}

/** How rows come into a store, and what of them is there: past its faults. */
export function rowsInto(
  engine: EngineName,
  {
    place,
    isolationOf,
    client,
  }: Pick<OpenStoreOptions, 'isolationOf'> & { readonly place: Place; readonly client: () => Promise<unknown> },
): Pick<OpenStore, 'addRows' | 'heldKeys'> {
  return {
    addRows: (rows) => asked(async (isolation) => isolation.addRows?.(place, rows, client)),
    heldKeys: async (keys) => (await asked(async (isolation) => isolation.heldKeys?.(place, keys, client))) ?? {},
  };

  async function asked<Answer>(ask: (isolation: Isolation) => Promise<Answer>): Promise<Answer> {
    const isolation = await isolationOf(engine);
    try {
      return await ask(isolation);
    } catch (thrown) {
      throw refused(engine, thrown);
    }
  }
}

function drifted(engine: EngineName, { count, lines }: Drift): SandboxError {
  return new SandboxError({
    code: 'SCHEMA_INCOMPLETE',
    engine,
    message: `The test's store of ${engine} has not what the platform's schema has: ${count} ${count === 1 ? 'object is' : 'objects are'} missing or different.`,
    next: 'Mend the migration that has removed or changed them, or the code that needs the platform otherwise.',
    evidence: lines.join('\n'),
  });
}

function notOnThePath(engine: EngineName): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    engine,
    message: `The store of ${engine} is reached without a detour, and cannot fail.`,
    next: `Ask for its faults before its address is read: harness.lease({ faults: ['${engine}'] }), in Vitest test.override('faults', ['${engine}']).`,
  });
}

function refused(engine: EngineName, cause: unknown): SandboxError {
  return new SandboxError({
    code: 'GIVEN_REFUSED',
    engine,
    message: `The test's store of ${engine} refused what it was given: ${messageOf(cause)}`,
    next: 'Give it another id, name or address where that is there already.',
    cause,
  });
}
