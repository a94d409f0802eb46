import type { EntityRows } from '../engines/contract/isolation.ts';
import { type EngineName, engineNames } from '../engines/engine-names.ts';
import { refuseDangling, refuseDoubled } from './given/refuse-rows.ts';
import type { OpenStore, Store } from './open-store.ts';

/** Open stores of one lease, each with all rows that the test was given. */
export interface LeaseStores {
  /** The store of an engine; `open` opens it where it is asked for first. */
  readonly at: (engine: EngineName, open: () => Promise<OpenStore>) => Promise<Store>;
  /** Those that are open, by engine. */
  readonly byEngine: Readonly<Record<string, Store>>;
  readonly open: readonly OpenStore[];
  /** Into one store after the other: where one refuses, those behind it are not written to. Throws `GIVEN_REFUSED`. */
  readonly write: (rows: EntityRows) => Promise<void>;
}

/** `refuseOver` throws once the lease is over. */
export function leaseStores(refuseOver: () => void): LeaseStores {
  const asked = new Map<EngineName, Promise<Store>>();
  const open: OpenStore[] = [];
  const byEngine: Record<string, Store> = {};
  /** A store that is opened later gets them too. */
  const written: EntityRows[] = [];
  let lastTurn: Promise<unknown> = Promise.resolve();
  return { at, byEngine, open, write: (rows) => inTurn(() => write(rows)) };

  function at(engine: EngineName, openIt: () => Promise<OpenStore>): Promise<Store> {
    const there = asked.get(engine);
    if (there !== undefined) return there;
    const opening = openIt().then(add);
    asked.set(engine, opening);
    opening.catch(() => asked.delete(engine));
    return opening;
  }

  async function add(made: OpenStore): Promise<Store> {
    try {
      await inTurn(async () => {
        for (const rows of written) {
          await refuseDoubled([made], rows);
          await made.addRows(rows);
        }
        // It may have been given back meanwhile.
        refuseOver();
        open.push(made);
        byEngine[made.engine] = made.store;
      });
    } catch (thrown) {
      await made[Symbol.asyncDispose]();
      throw thrown;
    }
    return made.store;
  }

  async function write(rows: EntityRows): Promise<void> {
    refuseOver();
    const inOrder = open.toSorted(
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
}
