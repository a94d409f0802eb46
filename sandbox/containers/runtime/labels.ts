/**
 * Labels that every container, volume, network and image of the sandbox carries.
 * Cleaning up works by label alone, and nothing without them is ever touched.
 */
export const labelNames = {
  /** Name of the stack that the object belongs to. */
  stack: 'dev.taishang.sandbox.stack',
  /** Folder of the project that the stack belongs to. */
  directory: 'dev.taishang.sandbox.directory',
  /**
   * `stack` for what stays up, `restore` for a stack that a restore made beside one, `throw-away` for what a test or drill
   * owns, `helper` for a single command, `fault` for the record of one, `place` for a server that tests are given,
   * `monitoring` for what watches a stack.
   */
  purpose: 'dev.taishang.sandbox.purpose',
  /** Name of the stack that nodes beside it belong to: those of a restore, and those that fill new volumes for it. */
  beside: 'dev.taishang.sandbox.beside',
  /** Id of the place that a server of a test's own is, on its container; `beside` names its stack. */
  place: 'dev.taishang.sandbox.place',
  /** On what watches a stack: Prometheus, Alertmanager and exporters; `beside` names the stack. */
  monitoring: 'dev.taishang.sandbox.monitoring',
  /** On an empty volume of a stack that a restore made: since when it is whole, ISO 8601. */
  restoredAt: 'dev.taishang.sandbox.restored-at',
  /** `<host name>:<process id>:<start time>` of the process that started a throw-away object, or a restore. */
  owner: 'dev.taishang.sandbox.owner',
  /** Id of the container that its owner has stopped for a while, on the record of that. */
  stoppedNode: 'dev.taishang.sandbox.stopped-node',
  /** Id of the container that its owner has paused for a while, on the record of that. */
  pausedNode: 'dev.taishang.sandbox.paused-node',
  /** Kind of a fault, on its record. */
  fault: 'dev.taishang.sandbox.fault',
  /** Node that a fault is made on. */
  faultNode: 'dev.taishang.sandbox.fault-node',
  /** Process that makes a fault, as `owner` has it: while it runs, the fault may not be there yet. */
  faultMaker: 'dev.taishang.sandbox.fault-maker',
  engine: 'dev.taishang.sandbox.engine',
  node: 'dev.taishang.sandbox.node',
  role: 'dev.taishang.sandbox.role',
  /** On a volume: the layout that its data is for. */
  topology: 'dev.taishang.sandbox.topology',
  /** JSON of engine to the number of its volumes' generation, on the volume that says which one counts. */
  generations: 'dev.taishang.sandbox.generations',
  /** SHA-256 of the key of a stack that keeps its data: tells whether a file of passwords is this stack's. */
  key: 'dev.taishang.sandbox.key',
  origin: 'dev.taishang.sandbox.origin',
  /** Release of the sandbox that made it. Absent: an early one. */
  madeBy: 'dev.taishang.sandbox.made-by',
  /** Hash of everything that the container was created from; another hash means another container. */
  contentHash: 'dev.taishang.sandbox.content-hash',
  /** Hash of the inputs of a locally built image. */
  buildHash: 'dev.taishang.sandbox.build-hash',
} as const;

export type Labels = Readonly<Record<string, string>>;

/** Docker filter that matches all given labels. */
export function labelFilter(labels: Labels): { label: string[] } {
  return { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
}
