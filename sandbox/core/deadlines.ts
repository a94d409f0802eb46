import { SandboxError } from './errors.ts';
import { durationMsMax } from './option-checks.ts';

/**
 * Every deadline of the sandbox, in milliseconds, for a 2-core machine.
 * A deadline is a bound on a hang, not an expectation: each is several times the longest duration seen.
 */
const deadlinesMs = {
  /** All registries together may cost this much before the local builds take over. */
  registryAnswer: 3_000,
  /** A registry that began to answer sends something at least this often. */
  registryProgress: 30_000,
  /**
   * A container engine that takes a connection at its socket answers a ping. One that does not counts as none, and the next
   * one is tried: long enough that a busy one is not taken for that. Where nobody listens, nothing is waited for.
   */
  dockerPing: 10_000,
  /** A container engine that has answered a ping lists what it has (over 2 s seen at a load of 40 on two cores). */
  dockerAnswer: 30_000,
  /** A container engine that was just started answers on its socket. */
  dockerStart: 60_000,
  /** Another machine lets us in by ssh. */
  sshConnect: 30_000,
  /** The same where it asks questions in a terminal. */
  sshQuestions: 300_000,
  /** Another machine answers over a connection that is there; one that takes longer counts as lost. */
  sshAnswer: 10_000,
  /** One image build, from its first to its last step. */
  imageBuild: 1_200_000,
  /** The container engine lets go of a build that was broken off; what it still holds then stays for good. */
  buildGone: 15_000,
  /** A node answers its own protocol after its container started (Neo4j: 5 to 15 s seen). */
  nodeReady: 120_000,
  /** A node ends after its stop signal, before it is killed. */
  nodeStop: 60_000,
  /** The container engine lets go of a network after the last container on it is gone. */
  networkGone: 10_000,
  /** A command that runs inside a node or in a container of its own. */
  nodeCommand: 300_000,
  /** A dump of Redis is loaded and written anew before a restore (100 MB on two busy cores: 4 s seen). */
  dumpStaged: 120_000,
  /** Members of a topology agree after they were formed or healed. */
  topologyConverged: 60_000,
  /** The container runtime freezes all processes of a container. */
  pause: 10_000,
  /** Nodes that give no answer at the moment say what they are: a busy machine, or one that has just been promoted. */
  roleKnown: 10_000,
  /** A server makes the login of its exporter, and the primary of it is found (Neo4j on two busy cores: 2 s seen). */
  monitoringLogin: 20_000,
  /** One statement of ours against a store, outside of bulk loads. */
  statement: 60_000,
  /** Indexes of a whole store, after its rows were loaded (`large` on two busy cores: about a minute seen). */
  indexesBuilt: 1_200_000,
  /** One file, command or seed of a service's own schema: a data migration may take minutes. */
  migration: 1_200_000,
  /** Rows of a whole graph are made and imported offline (313,228 rows on two busy cores: 38 s seen). */
  offlineImport: 3_600_000,
  /**
   * One check of the data's quality that costs its store nothing, where its contract names no deadline. MongoDB's stand-in
   * counts for the number that a server keeps (500,000 documents at a load of 20: over 10 s seen).
   */
  qualityConstant: 60_000,
  /** The same of one that reads the rows that an index leads to, which may be most of them (`large` at a load of 20: 45 s seen). */
  qualityIndexed: 300_000,
  /** The same of one that looks at everything (`large` at a load of 20: 100 s seen). */
  qualityScan: 300_000,
  /**
   * Whoever changes a table lets go of it, for a check that reads it. That is nothing that grows with what is there: each check
   * of a table that stays locked would take all of its own deadline.
   */
  qualityLock: 10_000,
  /** A store reads back all that other stores hold too, for quality checks across stores (`large`: 855,219 things). */
  qualityAcrossStores: 300_000,
  /** Another run of quality checks on the same stack ends (`large` at a load of 20: 400 s seen). */
  qualityRun: 1_800_000,
  /** A client of ours finds the server of an engine that is up. */
  serverSelection: 5_000,
  /** One case of a suite. */
  suiteCase: 180_000,
  /** One failover drill: ten failovers of Sentinel, which takes 12 s to make an old primary follow, are the longest. */
  drill: 420_000,
  /** One write of a failover drill, before its outcome counts as unknown. */
  drillWrite: 10_000,
  /** A place where backups are kept answers, or goes on with a transfer that it has begun. */
  storageAnswer: 10_000,
  /** Whoever is told of unattended work answers one call. */
  webhookAnswer: 10_000,
  /** Whoever is told of unattended work has taken it, all tries together. */
  webhook: 60_000,
  /** Another process gives the lock of a stack back. */
  stackLock: 120_000,
  /** A test gets a store of its own, whoever has them all now. */
  lease: 120_000,
  /** The broker of a stack's leases answers after its process started. */
  brokerStart: 15_000,
  /** The broker puts back what it has when it ends; what is left then is swept by the next one. */
  brokerEnd: 20_000,
  /** An interrupted command puts away what it was starting; after that it ends, and `down` finds the rest. */
  interrupted: 20_000,
} as const;

export type DeadlineName = keyof typeof deadlinesMs;

/** Deadline in milliseconds, multiplied by `SANDBOX_DEADLINE_FACTOR` (default 1) for slow machines. */
export function deadlineMs(name: DeadlineName): number {
  return scaledDeadlineMs(deadlinesMs[name]);
}

/**
 * A deadline that a user has written down, in milliseconds, multiplied as those of {@link deadlineMs} are. A whole number of
 * them, from one to 24 days: `AbortSignal.timeout` takes no other.
 */
export function scaledDeadlineMs(givenMs: number): number {
  const scaledMs = Math.round(givenMs * deadlineFactor(process.env.SANDBOX_DEADLINE_FACTOR));
  return Math.min(Math.max(1, scaledMs), durationMsMax);
}

/** What `SANDBOX_DEADLINE_FACTOR` says. Throws `BAD_OPTION`: with a factor that is passed over, a slow machine just fails again. */
export function deadlineFactor(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const factor = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (factor > 0 && factor < Number.POSITIVE_INFINITY) return factor;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `SANDBOX_DEADLINE_FACTOR is ${JSON.stringify(text)}, which no deadline can be multiplied by.`,
    next: 'Write a number above 0, such as 2 or 0.5, or leave it out.',
  });
}
