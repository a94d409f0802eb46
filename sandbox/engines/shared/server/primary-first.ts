import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Backup, PointInTime } from '../../contract/backup.ts';
import type { Bench } from '../../contract/bench.ts';
import type { Data, ReadBack } from '../../contract/data.ts';
import type { Holding } from '../../contract/holdings.ts';
import type { LeaseBench } from '../../contract/lease-bench.ts';
import type { OfferedReads } from '../../contract/platform-reads.ts';
import type { QueryPath } from '../../contract/query-path.ts';
import type { Schema } from '../../contract/schema.ts';
import { isExternal, type ReachableEngine, type RunningEngine } from '../../contract/topology.ts';

/** Finds the node that takes writes now. Throws `NODE_NOT_READY` where none does. */
type FindPrimary = (running: RunningEngine) => Promise<NodeHandle>;

/** Capabilities whose work asks the first of the nodes that it is handed. */
interface Work {
  readonly schema: Schema;
  readonly data: Data;
  readonly backup: Backup;
  readonly bench: Bench;
}

/**
 * The same work, asked of the node that takes writes when it begins: after a failover that is not the first one any more.
 * Topologies other than `replicated` have no one such node, and are left as they are.
 */
export function routeToPrimary<Asking extends Work>(work: Asking, findPrimary: FindPrimary): Asking {
  const ordered = <Running extends ReachableEngine>(running: Running) => primaryFirst(running, findPrimary);
  return {
    ...work,
    schema: schemaOf(work.schema, ordered),
    data: dataOf(work.data, ordered),
    backup: backupOf(work.backup, ordered),
    bench: benchOf(work.bench, ordered),
  };
}

/** The engine with the node first that takes writes now. */
export async function primaryFirst<Running extends ReachableEngine>(
  running: Running,
  findPrimary: FindPrimary,
): Promise<Running> {
  if (isExternal(running) || running.topology !== 'replicated') return running;
  const primary = await findPrimary(running);
  return { ...running, nodes: [primary, ...running.nodes.filter((node) => node !== primary)] };
}

type Order = <Running extends ReachableEngine>(running: Running) => Promise<Running>;

function schemaOf(schema: Schema, ordered: Order): Schema {
  return {
    ...schema,
    apply: async (running, options) => schema.apply(await ordered(running), options),
    contract: schema.contract.map((each) => ({
      ...each,
      run: async (running, dataset) => each.run(await ordered(running), dataset),
    })),
  };
}

function dataOf(data: Data, ordered: Order): Data {
  return {
    ...data,
    load: async (running, dataset, report) => data.load(await ordered(running), dataset, report),
    loadedFingerprint: async (running) => data.loadedFingerprint(await ordered(running)),
    holdings: data.holdings.map((holding) => holdingOf(holding, ordered)),
    readBack: readBackOf(data.readBack, ordered),
    fingerprint: async (running) => data.fingerprint(await ordered(running)),
  };
}

function benchOf(bench: Bench, ordered: Order): Bench {
  const { paths, platformReads, serverSettings, leases } = bench;
  return {
    ...bench,
    paths: paths.map((path) => queryPathOf(path, ordered)),
    ...(platformReads === undefined ? {} : { platformReads: platformReadsOf(platformReads, ordered) }),
    ...(serverSettings === undefined
      ? {}
      : { serverSettings: async (running) => serverSettings(await ordered(running)) }),
    ...(leases === undefined ? {} : { leases: leasesOf(leases, ordered) }),
  };
}

function leasesOf(leases: LeaseBench, ordered: Order): LeaseBench {
  return {
    ...leases,
    others: leases.others.map((other) => ({
      ...other,
      prepare: async (given) => other.prepare({ ...given, running: await ordered(given.running) }),
    })),
  };
}

function readBackOf(readBack: ReadBack, ordered: Order): ReadBack {
  return Object.fromEntries(
    Object.entries(readBack).map(([kind, read]) => [
      kind,
      async function* (running: RunningEngine) {
        yield* read(await ordered(running));
      },
    ]),
  );
}

function holdingOf(holding: Holding, ordered: Order): Holding {
  const { held, mayHaveExpired } = holding;
  return {
    ...holding,
    async *held(running) {
      yield* held(await ordered(running));
    },
    ...(mayHaveExpired === undefined
      ? {}
      : { mayHaveExpired: async (running) => mayHaveExpired(await ordered(running)) }),
  };
}

function backupOf(backup: Backup, ordered: Order): Backup {
  const { backUp, leftOut, restoreBeside, pointInTime } = backup;
  return {
    ...backup,
    leftOut: async (running) => leftOut(await ordered(running)),
    backUp: async (running, directory) => backUp(await ordered(running), directory),
    ...(restoreBeside === undefined
      ? {}
      : {
          restoreBeside: async (running, directory, manifest, run) =>
            restoreBeside(await ordered(running), directory, manifest, run),
        }),
    ...(pointInTime === undefined ? {} : { pointInTime: pointInTimeOf(pointInTime, ordered) }),
  };
}

/** What is kept of the log is collected from a dead node as well: where nobody takes writes, from the first one. */
function pointInTimeOf(pointInTime: PointInTime, ordered: Order): PointInTime {
  const { backUp, mark, collectLog, keptLog } = pointInTime;
  const orAsItIs: Order = (running) => ordered(running).catch(() => running);
  return {
    ...pointInTime,
    backUp: async (running, directory, options) => backUp(await ordered(running), directory, options),
    mark: async (running, name) => mark(await ordered(running), name),
    collectLog: async (running, directory, manifest) => collectLog(await orAsItIs(running), directory, manifest),
    keptLog: {
      ...keptLog,
      take: async (running, folder, sizeBytesMax) => keptLog.take(await orAsItIs(running), folder, sizeBytesMax),
      reach: async (bases, folder, running) =>
        running === undefined ? keptLog.reach(bases, folder) : keptLog.reach(bases, folder, await orAsItIs(running)),
    },
  };
}

function queryPathOf(path: QueryPath, ordered: Order): QueryPath {
  const { reference } = path;
  return {
    ...path,
    missing: async (running) => path.missing(await ordered(running)),
    prepare: async ({ running, dataset }) => path.prepare({ running: await ordered(running), dataset }),
    ...(reference === undefined
      ? {}
      : {
          reference: {
            ...reference,
            run: async (running, dataset, load) => reference.run(await ordered(running), dataset, load),
          },
        }),
  };
}

function platformReadsOf(reads: OfferedReads, ordered: Order): OfferedReads {
  return {
    ...reads,
    missing: async (running) => reads.missing(await ordered(running)),
    open: async (running) => reads.open(await ordered(running)),
  };
}
