import { SandboxError } from '../../sandbox/core/errors.ts';
import {
  bindReads,
  type ChosenStores,
  type CrossStorePath,
  prepareAcrossStores,
  type Store,
  storesOf,
  storesThatOffer,
} from '../../sandbox/cross-store/query-paths/cross-store-path.ts';
import { acrossStores, crossStorePaths } from '../../sandbox/cross-store/query-paths.ts';
import type {
  PathDescription,
  PreparedPath,
  QueryPath,
  ReferenceProgram,
} from '../../sandbox/engines/contract/bench/query-path.ts';
import { isExternal, type ReachableEngine } from '../../sandbox/engines/contract/topology.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { BenchTarget } from '../bench-target.ts';
import type { PathNotRun } from '../results.ts';
import type { ServerOrigin } from './path-figures.ts';

/** One query path of what runs. */
export interface Subject {
  /** Which of the stacks that are measured together it belongs to, from 0. */
  readonly target: number;
  /** Name of the engine, or `across stores`. */
  readonly engine: string;
  readonly topology: string;
  readonly origin: ServerOrigin;
  readonly path: PathDescription;
  /** What its plan and answer depend on. */
  readonly reads: readonly { readonly store: string; readonly holding: string }[];
  /** Of a path through several stores: the engine that each of its reads is asked of. */
  readonly stores?: ChosenStores;
  /** Whether it may write where it is somebody else's server. */
  readonly confirmedWrites: boolean;
  readonly missing: () => Promise<readonly string[]>;
  readonly prepare: () => Promise<PreparedPath>;
  readonly reference?: Omit<ReferenceProgram, 'run'> & {
    readonly run: (load: Parameters<ReferenceProgram['run']>[2]) => ReturnType<ReferenceProgram['run']>;
  };
}

/** Where a running engine comes from. */
function originOf(running: ReachableEngine): ServerOrigin {
  return isExternal(running) ? 'external' : running.image.origin;
}

/** All paths of a target, or those that are named. Throws `BAD_OPTION` where one has no such name, or a store no such read. */
export function choosePaths(target: BenchTarget, index: number, names: readonly string[] = []): readonly Subject[] {
  const stores = target.engines.flatMap((engine): Store[] => {
    const running = target.running.get(engine.name);
    return running === undefined ? [] : [{ engine, running }];
  });
  const { holds, confirmedWrites = false, readFrom = {} } = target;
  refuseForeignStores(readFrom, stores);
  const datasetOf = (used: readonly Store[]) =>
    used.every(({ engine }) => holds?.has(engine.name) ?? true) ? target.dataset : undefined;
  const own = stores.flatMap(({ engine, running }) =>
    (engine.bench?.paths ?? []).map((path) => ({
      target: index,
      confirmedWrites,
      ...subjectOf(path, engine.name, running, datasetOf([{ engine, running }])),
    })),
  );
  const across = crossStorePaths.flatMap((path) => {
    const subject = acrossSubjectOf(path, stores, { datasetOf, readFrom });
    return subject === undefined ? [] : [{ target: index, confirmedWrites, ...subject }];
  });
  const all = [...own, ...across];
  const unknown = names.find((name) => !all.some(({ path }) => path.name === name));
  if (unknown !== undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `There is no query path \`${unknown}\` on the engines that were chosen.`,
      next: `Use one or more of: ${all.map(({ path }) => path.name).join(', ')}.`,
    });
  }
  return names.length === 0 ? all : all.filter(({ path }) => names.includes(path.name));
}

function subjectOf(
  path: QueryPath,
  engine: string,
  running: ReachableEngine,
  dataset: Dataset | undefined,
): Omit<Subject, 'target' | 'confirmedWrites'> {
  const { reference } = path;
  return {
    engine,
    topology: running.topology,
    origin: originOf(running),
    path,
    reads: path.reads.map((holding) => ({ store: engine, holding })),
    missing: () => path.missing(running),
    prepare: () => path.prepare({ running, dataset }),
    // Other programs run inside of a node, which a server of somebody else's has none of for us.
    ...(reference === undefined || dataset === undefined || isExternal(running)
      ? {}
      : { reference: { ...reference, run: (load) => reference.run(running, dataset, load) } }),
  };
}

interface AcrossOptions {
  readonly datasetOf: (used: readonly Store[]) => Dataset | undefined;
  readonly readFrom: ChosenStores;
}

/** A read is asked of a store that offers it, or of none. Throws `BAD_OPTION`. */
function refuseForeignStores(readFrom: ChosenStores, stores: readonly Store[]): void {
  for (const [name, wanted] of Object.entries(readFrom)) {
    const offering = storesThatOffer(name, stores).map(({ engine }) => engine.name as string);
    if (offering.includes(wanted)) continue;
    const asked = [...new Set(crossStorePaths.flatMap(({ needs }) => needs))].join(', ');
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `\`${wanted}\` is not an engine that runs here and offers the read \`${name}\`.`,
      next:
        offering.length > 0
          ? `Nothing was run. It is offered by: ${offering.join(', ')}.`
          : `Nothing was run. No engine here offers it; paths through several stores ask for: ${asked}.`,
    });
  }
}

/** Nothing where a store is not among those that run: it is then no path of theirs. */
function acrossSubjectOf(
  path: CrossStorePath,
  stores: readonly Store[],
  { datasetOf, readFrom }: AcrossOptions,
): Omit<Subject, 'target' | 'confirmedWrites'> | undefined {
  const found = bindReads(path, stores, readFrom);
  if ('lacking' in found) return undefined;
  const { bound } = found;
  const used = storesOf(bound);
  return {
    engine: acrossStores,
    topology: [...new Set(used.map(({ running }) => running.topology))].join(', '),
    origin: leastOrigin(used.map(({ running }) => originOf(running))),
    path,
    stores: Object.fromEntries([...bound].map(([name, { engine }]) => [name, engine.name])),
    reads: [...bound].flatMap(
      ([
        need,
        {
          engine: { name: store, bench },
        },
      ]) => (bench?.platformReads?.reads[need] ?? []).map((holding) => ({ store, holding })),
    ),
    missing: async () => {
      const missing = await Promise.all(
        used.map(({ engine, running }) => engine.bench?.platformReads?.missing(running) ?? []),
      );
      return missing.flat();
    },
    prepare: () => prepareAcrossStores(path, bound, datasetOf(used)),
  };
}

/** One stand-in among them makes figures those of a stand-in. */
function leastOrigin(origins: readonly ServerOrigin[]): ServerOrigin {
  const order: readonly ServerOrigin[] = ['compatible', 'external', 'built', 'official'];
  return order.find((origin) => origins.includes(origin)) ?? 'external';
}

export interface Runnable {
  readonly subjects: readonly Subject[];
  readonly notRun: readonly PathNotRun[];
}

/** Those that can be run here and now, and why the others cannot. */
export async function runnable(subjects: readonly Subject[]): Promise<Runnable> {
  const reasons = await Promise.all(subjects.map(reasonNotToRun));
  return {
    subjects: subjects.filter((_, index) => reasons[index] === undefined),
    notRun: subjects.flatMap(({ engine, path }, index) => {
      const reason = reasons[index];
      return reason === undefined ? [] : [{ engine, path: path.name, reason }];
    }),
  };
}

/** Why a path that writes is not run on a server of somebody else's without being asked for. */
export function reasonNotToWrite({ path, origin, confirmedWrites }: Subject): string | undefined {
  if (path.writes === undefined || origin !== 'external' || confirmedWrites) return undefined;
  return `it writes ${path.writes}: \`--confirm-writes\` runs it`;
}

async function reasonNotToRun(subject: Subject): Promise<string | undefined> {
  const { path, origin, missing } = subject;
  const unconfirmed = reasonNotToWrite(subject);
  if (unconfirmed !== undefined) return unconfirmed;
  const onOrigin = origin === 'external' ? undefined : path.notRunOn?.[origin];
  if (onOrigin !== undefined) return onOrigin;
  const lacking = await missing();
  return lacking.length === 0 ? undefined : `not there: ${lacking.join(', ')}`;
}
