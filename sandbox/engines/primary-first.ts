import type { NodeHandle } from '../containers/node-spec.ts';
import type { Backup, PointInTime } from './backup.ts';
import type { Engine, ReadBack } from './engine.ts';
import type { Holding } from './holdings.ts';
import type { OfferedReads } from './platform-reads.ts';
import type { QueryPath } from './query-path.ts';
import { isSupported, type RunningEngine } from './topology.ts';

/** Finds the node that takes writes now. Throws `NODE_NOT_READY` where none does. */
type FindPrimary = (running: RunningEngine) => Promise<NodeHandle>;

/** Schema, data, checks, backups and query paths of an engine: what asks the first of the nodes it is handed. */
type AsksFirst =
  | 'applySchema'
  | 'load'
  | 'loadedFingerprint'
  | 'holdings'
  | 'readBack'
  | 'fingerprint'
  | 'contract'
  | 'backup'
  | 'pointInTime'
  | 'queryPaths'
  | 'platformReads'
  | 'serverSettings';

type Work = Required<Pick<Engine, AsksFirst>>;

/**
 * The same work, asked of the node that takes writes when it begins: after a failover that is not the first one any more.
 * Topologies other than `replicated` have no one such node, and are left as they are.
 */
export function askingPrimary(work: Work, findPrimary: FindPrimary): Work {
  const ordered = (running: RunningEngine) => primaryFirst(running, findPrimary);
  const { backup, pointInTime } = work;
  return {
    applySchema: async (running, options) => work.applySchema(await ordered(running), options),
    load: async (running, dataset, report) => work.load(await ordered(running), dataset, report),
    loadedFingerprint: async (running) => work.loadedFingerprint(await ordered(running)),
    holdings: work.holdings.map((holding) => holdingOf(holding, ordered)),
    readBack: readBackOf(work.readBack, ordered),
    fingerprint: async (running) => work.fingerprint(await ordered(running)),
    contract: work.contract.map((each) => ({
      ...each,
      run: async (running, dataset) => each.run(await ordered(running), dataset),
    })),
    backup: isSupported(backup) ? backupOf(backup, ordered) : backup,
    pointInTime: isSupported(pointInTime) ? pointInTimeOf(pointInTime, ordered) : pointInTime,
    queryPaths: work.queryPaths.map((path) => queryPathOf(path, ordered)),
    platformReads: platformReadsOf(work.platformReads, ordered),
    serverSettings: async (running) => work.serverSettings(await ordered(running)),
  };
}

/** The engine with the node first that takes writes now. */
export async function primaryFirst(running: RunningEngine, findPrimary: FindPrimary): Promise<RunningEngine> {
  if (running.topology !== 'replicated') return running;
  const primary = await findPrimary(running);
  return { ...running, nodes: [primary, ...running.nodes.filter((node) => node !== primary)] };
}

type Order = (running: RunningEngine) => Promise<RunningEngine>;

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
  const { backUp, leftOut, restoreBeside } = backup;
  return {
    ...backup,
    leftOut: async (running) => leftOut(await ordered(running)),
    backUp: async (running, directory) => backUp(await ordered(running), directory),
    restoreBeside: !isSupported(restoreBeside)
      ? restoreBeside
      : async (running, directory, manifest, run) => restoreBeside(await ordered(running), directory, manifest, run),
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
