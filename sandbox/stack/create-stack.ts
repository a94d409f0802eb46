import type { Dataset } from '../../seeds/dataset.ts';
import { createFaults, type Faults } from '../containers/faults/faults.ts';
import { healFaults } from '../containers/faults/heal-faults.ts';
import { ownerOfThisProcess } from '../containers/runtime/owner.ts';
import { SandboxError } from '../core/errors.ts';
import { checkOptionsOf } from '../core/option-checks.ts';
import { runTask } from '../core/progress.ts';
import type { CrossStoreReport } from '../cross-store/check-across-stores.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { Connection, RunningEngine } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import type { EngineClient } from '../engines/index.ts';
import { stackOptionChecks } from './check-stack-options.ts';
import { checkAfterLoad, uncheckedEngines } from './furnish/check-after-load.ts';
import type { EngineGap } from './furnish/schema-gaps.ts';
import { migrateStores } from './migrate/migrate-stores.ts';
import { migrationsDigest } from './migrate/read-plans.ts';
import { removeAbandoned } from './remove/clean-up.ts';
import { removeStack } from './remove/remove-stack.ts';
import { type AskedStack, askedStack, identifyingOptions } from './resolve/asked-stack.ts';
import type { StackOptions } from './stack-options.ts';
import { type PreparedStack, prepareStack } from './start/prepare-stack.ts';
import { sourceHash } from './start/source-hash.ts';
import { type StartedStack, startFurnished } from './start/start-furnished.ts';
import type { StartupStep } from './start/startup-steps.ts';
import { withStackLock } from './state/stack-lock.ts';
import { type StateKeeper, stateInMemory, stateOnDisk } from './state/state-keeper.ts';

export type { EngineName, Faults, RunningEngine, StackOptions };
/** What everything here throws: `thrown instanceof SandboxError && thrown.code === 'PORT_TAKEN'`. */
export { SandboxError };

/** The engines of one sandbox, running. */
export interface Stack<Name extends EngineName = EngineName> extends AsyncDisposable {
  /** Prefix of its containers, volumes and network. A throw-away stack has a random one. */
  readonly name: string;
  /** Nodes, ports, image and passwords of each engine. */
  readonly engines: Readonly<Record<Name, RunningEngine>>;
  /** The drivers' own clients. Empty with `connect: false`. */
  readonly clients: { readonly [Each in Name]: EngineClient<Each> };
  /** Connection strings, passwords included. */
  readonly uris: Readonly<Record<Name, string>>;
  /** Environment variables for an application, passwords included: `DATABASE_URL`, `MONGODB_URI` and so on. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was loaded, if anything was. */
  readonly dataset: Dataset | undefined;
  /** Whether the stores agree; absent where nothing was loaded now. */
  readonly crossStore: CrossStoreReport | undefined;
  /** What engines that were there before lack of their schemas, or have otherwise. A service's own objects are none. */
  readonly schemaGaps: readonly EngineGap[];
  /** What the start did, step by step, and how long each step took. */
  readonly startup: readonly StartupStep[];
  /** Breaks nodes and what is between them. What this process has broken is healed when the stack is disposed of. */
  readonly faults: Faults;
  /** Closes the clients; removes a throw-away stack with its data. */
  readonly dispose: () => Promise<void>;
}

/**
 * Starts engines with the platform's schemas and data that agree across them.
 *
 *     await using stack = await createStack({ engines: ['postgresql', 'redis'], size: 'small' });
 *     await stack.clients.redis.get('user:...');
 *
 * Returns once every node answers its own protocol, the data is loaded and the stores agree. By default a throw-away stack
 * of the default engines, with the data of `small`.
 *
 * Throws a `SandboxError`, mostly one of these; nothing of what it started is left then. Before anything starts:
 * `UNKNOWN_ENGINE`, `UNKNOWN_TOPOLOGY`, `UNKNOWN_SIZE`, `BAD_OPTION`. Of the machine:
 * `DOCKER_NOT_FOUND`, `DOCKER_INSTALL_FORBIDDEN`, `IMAGE_UNAVAILABLE`, `IMAGE_BUILD_FAILED`, `NO_MEMORY`, `NO_DISK_SPACE`,
 * `PORT_TAKEN`, `NAME_TAKEN`. Of the engines: `NODE_DIED`, `NODE_NOT_READY`, `SCHEMA_FAILED`, `LOAD_FAILED`,
 * `CROSS_STORE_DIFFERENT`. Where the stack of a folder is there already: `STACK_BUSY`, `TOPOLOGY_DIFFERENT`,
 * `IMAGE_DIFFERENT`, `SCHEMA_DIFFERENT`, `DATASET_DIFFERENT`, `SECRETS_LOST`. An aborted `signal` throws its reason.
 */
export async function createStack<Name extends EngineName = EngineName>(
  options: StackOptions<Name> = {},
): Promise<Stack<Name>> {
  checkOptionsOf('createStack', options, stackOptionChecks);
  const asked = askedStack(options);
  const { identity, purpose, signal } = asked;
  if (purpose === 'throw-away') {
    return bringUpStack(asked, stateInMemory(identity.name)).catch(async (thrown) => {
      // What started and then disagreed, or could not be connected to, has no handle that could be disposed of.
      await removeStack(identity.name, { volumes: true });
      throw thrown;
    });
  }
  return withStackLock(
    identity.directory,
    identity.name,
    async () => bringUpStack(asked, await stateOnDisk(identity)),
    signal,
  );
}

async function bringUpStack<Name extends EngineName>(
  asked: AskedStack<Name>,
  keeper: StateKeeper,
): Promise<Stack<Name>> {
  // As of now: what is changed while the stack starts is another thing.
  const digest = await migrationsDigest(asked.migrations, asked.engines, asked.identity.directory);
  const prepared = await prepareStack(asked, keeper);
  const started = await startFurnished(prepared);
  await prepared.cleanedUp;
  const crossStore = await checkLoads(prepared, started);
  const { purpose, engines } = asked;
  await migrate(prepared, started);
  if (purpose !== 'throw-away') {
    const was = { ...prepared.stack, failover: prepared.stack.failover ?? isWatched(prepared, started) };
    await keeper.update({ sourceHash: await sourceHash(engines, identifyingOptions(was, digest)) });
  }
  return openStack(asked, prepared, { ...started, crossStore });
}

/** Whether every engine that can have a watcher has one: who did not say whether it should has left it as it was. */
function isWatched({ stack }: PreparedStack, { running }: StartedStack): boolean {
  return stack.engines.every(
    ({ engine, topology }) => topology.watcher === undefined || running.get(engine.name)?.watcher !== undefined,
  );
}

/** Holds the stores against each other where something was loaded. Puts them back where they disagree. */
async function checkLoads(
  { stack, keeper, recorder }: PreparedStack,
  { running, undoLoads }: StartedStack,
): Promise<CrossStoreReport | undefined> {
  const { dataset, progress } = stack;
  const engines = stack.engines
    .map(({ engine }) => engine)
    .filter(({ name }) => stack.migrations.get(name)?.platformSchema !== false);
  return dataset === undefined || uncheckedEngines(keeper).length === 0
    ? undefined
    : await recorder
        .step(
          'cross-store check',
          engines.map((engine) => `load ${engine.name}`),
          () => runTask(progress, ['check across stores'], () => checkAfterLoad(keeper, engines, running, dataset)),
        )
        .catch(async (thrown) => {
          throw await undoLoads(thrown);
        });
}

/**
 * A service's own schemas and seeds, after the check: what they change is none of the dataset's, and a load meets nothing but
 * the platform's. Where one fails, the stack is as it was before.
 */
async function migrate(
  prepared: PreparedStack,
  { running, keepCopy, undoAll, keepLoads }: StartedStack,
): Promise<void> {
  await migrateStores(prepared, running, keepCopy).catch(async (thrown) => {
    throw await undoAll(thrown);
  });
  await keepLoads();
}

/** The handle of a stack that is up, with its clients. */
async function openStack<Name extends EngineName>(
  asked: AskedStack<Name>,
  { stack, keeper, recorder }: PreparedStack,
  { running, gaps, crossStore }: StartedStack & { readonly crossStore: CrossStoreReport | undefined },
): Promise<Stack<Name>> {
  const { identity, purpose } = asked;
  const faults = createFaults(identity.name, ownerOfThisProcess());
  const engines = stack.engines.map(({ engine }) => engine);
  const connections = asked.connect ? await openClients(engines, running) : new Map();
  return {
    name: identity.name,
    engines: Object.fromEntries(running) as Record<Name, RunningEngine>,
    clients: Object.fromEntries(
      [...connections].map(([name, connection]) => [name, connection.client]),
    ) as Stack<Name>['clients'],
    uris: Object.fromEntries(
      Object.entries(keeper.secrets().connections).map(([name, { uri }]) => [name, uri]),
    ) as Record<Name, string>,
    environment: Object.assign({}, ...asked.engines.map((name) => keeper.secrets().connections[name]?.environment)),
    dataset: stack.dataset,
    crossStore,
    schemaGaps: gaps,
    startup: recorder.steps,
    faults,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };

  async function dispose(): Promise<void> {
    await Promise.allSettled([...connections.values()].map((connection) => connection[Symbol.asyncDispose]()));
    if (purpose !== 'throw-away') {
      await healFaults({ stackName: identity.name, owner: ownerOfThisProcess() });
      return;
    }
    // Containers of an import or a restore that was killed hold volumes of the stack.
    await removeAbandoned();
    await removeStack(identity.name, { volumes: true });
  }
}

async function openClients(
  engines: readonly Engine[],
  running: ReadonlyMap<string, RunningEngine>,
): Promise<Map<string, Connection<unknown>>> {
  const opened = engines.map(async (engine) => {
    const target = running.get(engine.name);
    if (target === undefined) throw new Error(`${engine.name} was not started`);
    return engine.connect === undefined ? [] : [[engine.name, await engine.connect(target)] as const];
  });
  return new Map((await Promise.all(opened)).flat());
}
