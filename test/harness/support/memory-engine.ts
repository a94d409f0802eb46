import type { Place, PlaceOwner } from '../../../sandbox/engines/contract/isolation.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { LeasedEngine } from '../../../sandbox/harness/broker/broker-options.ts';

/** What a server of the tests has: values by place. It stands for no database: the tests are of who has which place. */
export interface MemoryServer {
  readonly engine: LeasedEngine;
  /** Every place that there is, with what is in it. */
  readonly places: Map<string, { readonly owner: PlaceOwner; values: readonly string[] }>;
  readonly write: (place: Place, value: string) => void;
  readonly counts: { opened: number; closed: number; refused: number; made: number; reset: number; dropped: number };
  /** Lets a test decide when, and whether, one of these is done. */
  readonly before: {
    open?: () => Promise<void>;
    make?: () => Promise<void>;
    reset?: (place: Place) => Promise<void>;
    keep?: () => Promise<void>;
  };
}

export interface MemoryServerOptions {
  readonly capacity?: number;
  /** Whether places of other pools take from it. Default: each pool has all of it. */
  readonly isShared?: boolean;
  /** What a reset leaves behind. */
  readonly leak?: (values: readonly string[]) => readonly string[];
  /** What tells the queries of a test, or why nothing does. */
  readonly insight?: LeasedEngine['insight'];
}

export function memoryServer({
  capacity = 10,
  isShared = false,
  leak = () => [],
  insight = 'a map keeps no statistics',
}: MemoryServerOptions = {}): MemoryServer {
  const places: MemoryServer['places'] = new Map();
  const counts = { opened: 0, closed: 0, refused: 0, made: 0, reset: 0, dropped: 0 };
  const before: MemoryServer['before'] = {};
  let number = 0;
  const drop = async ({ id }: Pick<Place, 'id'>) => {
    counts.dropped += 1;
    if (!places.delete(id)) throw new Error(`there is no place ${id}`);
  };
  const engine: LeasedEngine = {
    running: {} as RunningEngine,
    insight,
    isolation: {
      mode: 'entry',
      place: 'an entry of a map',
      leaks: [],
      connect: async (place) => ({ client: places.get(place.id), [Symbol.asyncDispose]: async () => {} }),
      async sweep(_running, isAlive) {
        const left = [...places].filter(([id, { owner }]) => !isAlive(owner, id));
        for (const [id] of left) await drop({ id });
        return left.length;
      },
      async open(_running, { owner, maximum }) {
        await before.open?.().catch((thrown) => {
          counts.refused += 1;
          throw thrown;
        });
        counts.opened += 1;
        let isOpen = true;
        const own = new Set<string>();
        const left = () => (isShared ? capacity - [...places.keys()].filter((id) => !own.has(id)).length : capacity);
        const counted = () => ({ places: Math.min(maximum ?? capacity, left()), boundBy: `${capacity} entries` });
        const requireOpen = () => {
          if (!isOpen) throw new Error('its pool is closed');
        };
        return {
          capacity: counted(),
          recount: async () => counted(),
          async make() {
            await before.make?.();
            number += 1;
            counts.made += 1;
            const id = `place-${owner.pid}-${number}`;
            places.set(id, { owner, values: [] });
            own.add(id);
            return { id, uri: `memory://${id}`, environment: { MEMORY_URL: `memory://${id}` } };
          },
          async reset(place) {
            requireOpen();
            await before.reset?.(place);
            counts.reset += 1;
            const held = places.get(place.id);
            if (held === undefined) return false;
            held.values = leak(held.values);
            return true;
          },
          verify: async ({ id }) => places.get(id)?.values ?? [`${id} is gone`],
          schemaGaps: async ({ id }) =>
            (places.get(id)?.values ?? []).map((name) => ({ kind: 'table', name, what: 'missing' as const })),
          async drop(place) {
            requireOpen();
            await drop(place);
          },
          async keep(place) {
            requireOpen();
            await before.keep?.();
            return { ...place, uri: `${place.uri}?kept` };
          },
          async [Symbol.asyncDispose]() {
            isOpen = false;
            counts.closed += 1;
          },
        };
      },
    },
  };
  const write = ({ id }: Place, value: string) => {
    const held = places.get(id);
    if (held === undefined) throw new Error(`there is no place ${id}`);
    held.values = [...held.values, value];
  };
  return { engine, places, write, counts, before };
}
