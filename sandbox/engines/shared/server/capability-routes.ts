import type { Backup, BareTool, KeptLog, PointInTime } from '../../contract/backup.ts';
import type { LeaseBench, OtherWay } from '../../contract/bench/lease-bench.ts';
import type { OfferedReads } from '../../contract/bench/platform-reads.ts';
import type { QueryPath, ReferenceProgram } from '../../contract/bench/query-path.ts';
import type { Bench } from '../../contract/bench.ts';
import type { BaselineLoad } from '../../contract/data/baseline-load.ts';
import type { Holding } from '../../contract/data/holdings.ts';
import type { Data, ReadBack } from '../../contract/data.ts';
import type { Capabilities } from '../../contract/engine.ts';
import type { Insight } from '../../contract/insight.ts';
import type { Isolation, IsolationMode } from '../../contract/isolation.ts';
import type { MigrationFiles } from '../../contract/schema/migrations.ts';
import type { ContractCase, Schema } from '../../contract/schema.ts';
import { asItIs, byItem, byMember, type Routes, rowsOfPrimary, toPrimary, toPrimaryIfAny } from './routes.ts';

/** Of a server that has just been started for it: its first node takes writes. */
const ofFreshNodes = asItIs;

const schema = byMember<Schema>({
  apply: toPrimary,
  applyNone: toPrimary,
  clear: toPrimary,
  migrations: byMember<MigrationFiles>({ endings: asItIs, prepare: toPrimary, run: toPrimary }),
  contract: byItem(byMember<ContractCase>({ name: asItIs, notRunOn: asItIs, run: toPrimary })),
  migrationEnvironment: asItIs,
});

const baseline = byMember<BaselineLoad>({
  name: asItIs,
  description: asItIs,
  wantedRatio: asItIs,
  timeBoundParts: asItIs,
  empty: toPrimary,
  prepare: toPrimary,
  record: toPrimary,
});

const holding = byMember<Holding>({
  name: asItIs,
  one: asItIs,
  many: asItIs,
  // Of the dataset.
  countMax: asItIs,
  loaded: asItIs,
  held: rowsOfPrimary,
  mayHaveExpired: toPrimary,
});

const data = byMember<Data>({
  load: toPrimary,
  baseline,
  loadedFingerprint: toPrimary,
  recordLoaded: toPrimary,
  refill: toPrimary,
  readBack: byMember<ReadBack>({
    user: rowsOfPrimary,
    content: rowsOfPrimary,
    conversation: rowsOfPrimary,
    concept: rowsOfPrimary,
    knowledge: rowsOfPrimary,
  }),
  expiredKinds: toPrimary,
  holdings: byItem(holding),
  fingerprint: toPrimary,
});

/** What is kept of the log is collected from a dead node as well. */
const keptLog = byMember<KeptLog>({
  take: toPrimaryIfAny,
  reach: (reach, ordered) => async (bases, folder, running) => {
    if (running === undefined) return reach(bases, folder);
    return toPrimaryIfAny((first: typeof running) => reach(bases, folder, first), ordered)(running);
  },
  copyInto: asItIs,
  forget: asItIs,
  // Of every node.
  stop: asItIs,
});

const pointInTime = byMember<PointInTime>({
  backUp: toPrimary,
  describe: asItIs,
  mark: toPrimary,
  collectLog: toPrimaryIfAny,
  restore: ofFreshNodes,
  keptLog,
});

const backup = byMember<Backup>({
  leftOut: toPrimary,
  // Whether there is one is what it tells.
  missingWithout: asItIs,
  backUp: toPrimary,
  restore: ofFreshNodes,
  restoreUnstarted: ofFreshNodes,
  restoreBeside: toPrimary,
  discardBeside: toPrimary,
  doors: (doors, ordered) => async (directory, manifest, live) =>
    live === undefined ? doors(directory, manifest) : doors(directory, manifest, await ordered(live)),
  layouts: asItIs,
  fewerMembers: ofFreshNodes,
  writeAfterwards: ofFreshNodes,
  bare: byMember<BareTool>({ name: asItIs, backUp: toPrimary, restore: ofFreshNodes }),
  asSpecified: ofFreshNodes,
  pointInTime,
  earlierImage: asItIs,
});

const queryPath = byMember<QueryPath>({
  name: asItIs,
  description: asItIs,
  plan: asItIs,
  shares: asItIs,
  objective: asItIs,
  writes: asItIs,
  notRunOn: asItIs,
  reads: asItIs,
  missing: toPrimary,
  prepare: (prepare, ordered) => async (context) => prepare({ ...context, running: await ordered(context.running) }),
  reference: byMember<ReferenceProgram>({ name: asItIs, request: asItIs, run: toPrimary }),
});

const otherWay = byMember<OtherWay>({
  name: asItIs,
  kind: asItIs,
  role: asItIs,
  prepare: (prepare, ordered) => async (given) => prepare({ ...given, running: await ordered(given.running) }),
});

const bench = byMember<Bench>({
  paths: byItem(queryPath),
  platformReads: byMember<OfferedReads>({ names: asItIs, reads: asItIs, missing: toPrimary, open: toPrimary }),
  // Of somebody else's server, which has an address instead of nodes.
  external: asItIs,
  serverSettings: toPrimary,
  leases: byMember<LeaseBench>({ write: asItIs, others: byItem(otherWay), wantedMs: asItIs }),
});

const isolationMode: Routes<IsolationMode> = {
  mode: asItIs,
  place: asItIs,
  leaks: asItIs,
  open: toPrimary,
  sweep: toPrimaryIfAny,
};

const isolation = byMember<Isolation>({
  ...isolationMode,
  otherModes: byItem(byMember<IsolationMode>(isolationMode)),
  // Of a place, by its own address.
  connect: asItIs,
  readdress: asItIs,
  addRows: asItIs,
  heldKeys: asItIs,
  rolledBack: asItIs,
});

const insight = byMember<Insight>({ seen: asItIs, limits: asItIs, watch: toPrimary });

/** How each capability comes to the node that takes writes: one that is new does not compile without it. */
export const capabilityRoutes: Routes<Capabilities> = {
  schema,
  data,
  backup,
  // Each node is asked what it is.
  failover: asItIs,
  bench,
  // It looks for its node itself, and says so where none answers.
  shell: asItIs,
  dataVersions: asItIs,
  isolation,
  insight,
  // It reads from a follower where there is one, and looks for it itself.
  quality: asItIs,
  // Each node has an exporter of its own; its login is made where writes are taken, which it looks for.
  metrics: asItIs,
};
