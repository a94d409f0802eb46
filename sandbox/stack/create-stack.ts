import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { ensureDocker } from '../containers/docker-host.ts';
import { createFaults, type Faults } from '../containers/faults.ts';
import { healFaults } from '../containers/heal-faults.ts';
import { availableResources } from '../containers/host-findings.ts';
import { resolveImages } from '../containers/images.ts';
import { ownerOfThisProcess } from '../containers/owner.ts';
import { keepLoopbackFromProxy } from '../core/loopback-proxy.ts';
import { runTask, silent } from '../core/progress.ts';
import type { CrossStoreReport } from '../cross-store/check-across-stores.ts';
import type { Engine } from '../engines/engine.ts';
import { type EngineName, engineNames } from '../engines/engine-names.ts';
import type { EngineClient } from '../engines/index.ts';
import type { Connection, RunningEngine } from '../engines/topology.ts';
import { checkAfterLoad, uncheckedEngines } from './check-after-load.ts';
import { chooseImage } from './choose-image.ts';
import { chooseTopology } from './choose-topology.ts';
import { removeAbandoned } from './clean-up.ts';
import { asLaidOut } from './laid-out.ts';
import { loadEngines } from './load-engines.ts';
import { removeStack } from './remove-stack.ts';
import { checkResources } from './resources.ts';
import { createSafetyCopies } from './safety-copies.ts';
import type { EngineGap } from './schema-gaps.ts';
import { sourceHash } from './source-hash.ts';
import { type StackIdentity, stackIdentity, throwAwayName } from './stack-identity.ts';
import { withStackLock } from './stack-lock.ts';
import { checkOptions, identifyingOptions, type StackOptions } from './stack-options.ts';
import { startStack } from './start-stack.ts';
import { createStartupRecorder, type StartupStep } from './startup-steps.ts';
import { type StateKeeper, stateInMemory, stateOnDisk } from './state-keeper.ts';

/** The engines of one sandbox, running. */
export interface Stack<Name extends EngineName = EngineName> extends AsyncDisposable {
  readonly name: string;
  readonly engines: Readonly<Record<Name, RunningEngine>>;
  /** The drivers' own clients. Empty with `connect: false`. */
  readonly clients: { readonly [Each in Name]: EngineClient<Each> };
  /** Connection strings, passwords included. */
  readonly uris: Readonly<Record<Name, string>>;
  /** Environment variables for an application, passwords included. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was loaded, if anything was. */
  readonly dataset: Dataset | undefined;
  /** Whether the stores agree; absent where nothing was loaded now. */
  readonly crossStore: CrossStoreReport | undefined;
  /** What engines that were there before lack of their schemas, or have otherwise. A service's own objects are none. */
  readonly schemaGaps: readonly EngineGap[];
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
 * Throws a `SandboxError`; nothing of what it started is left then.
 */
export async function createStack<Name extends EngineName = EngineName>(
  options: StackOptions<Name> = {},
): Promise<Stack<Name>> {
  checkOptions(options);
  keepLoopbackFromProxy();
  const throwAway = options.ephemeral ?? true;
  const identity = throwAway ? { ...stackIdentity(options), name: throwAwayName() } : stackIdentity(options);
  if (throwAway) {
    return bringUpStack(options, identity, stateInMemory(identity.name)).catch(async (thrown) => {
      // What started and then disagreed, or could not be connected to, has no handle that could be disposed of.
      await removeStack(identity.name, { volumes: true });
      throw thrown;
    });
  }
  return withStackLock(
    identity.directory,
    identity.name,
    async () => bringUpStack(options, identity, await stateOnDisk(identity)),
    options.signal,
  );
}

async function bringUpStack<Name extends EngineName>(
  given: StackOptions<Name>,
  identity: StackIdentity,
  keeper: StateKeeper,
): Promise<Stack<Name>> {
  const progress = given.progress ?? silent;
  const signal = given.signal ?? new AbortController().signal;
  const recorder = createStartupRecorder();
  const names = given.engines ?? (engineNames as readonly EngineName[] as readonly Name[]);
  const size = given.size ?? 'small';
  const seed = given.seed === undefined ? {} : { seed: given.seed };
  const dataset = given.dataset ?? (size === 'none' ? undefined : createDataset({ size, ...seed }));

  const [engines] = await Promise.all([
    loadEngines(names),
    recorder.step('docker', [], () => ensureDocker({ install: given.dockerInstall ?? 'never', progress })),
  ]);
  const options = await asLaidOut(given, identity);
  for (const engine of engines) chooseTopology(engine, options);
  const abandoned = removeAbandoned();
  // Awaited below: what else fails first must not make its failure nobody's, which would end the process.
  abandoned.catch(() => {});
  checkResources(engines, await availableResources(), dataset?.counts);
  const images = await recorder.step('images', ['docker'], () =>
    resolveImages(
      engines.map((engine) => ({ engine: engine.name, spec: chooseImage(engine, options) })),
      { policy: options.images ?? 'auto', install: options.dockerInstall ?? 'never', progress, signal },
    ),
  );
  const safety = createSafetyCopies(identity.name);
  const { running, gaps, undoLoads } = await startStack({
    identity,
    options,
    engines,
    images,
    dataset,
    keeper,
    recorder,
    progress,
    signal,
    safety,
  });
  await abandoned;

  const crossStore =
    dataset === undefined || uncheckedEngines(keeper).length === 0
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
  await safety.discard();
  const { ephemeral = true } = options;
  if (!ephemeral) await keeper.update({ sourceHash: await sourceHash(names, identifyingOptions(options)) });
  const faults = createFaults(identity.name, ownerOfThisProcess());
  const connections = (options.connect ?? true) ? await openClients(engines, running) : new Map();
  return {
    name: identity.name,
    engines: Object.fromEntries(running) as Record<Name, RunningEngine>,
    clients: Object.fromEntries(
      [...connections].map(([name, connection]) => [name, connection.client]),
    ) as Stack<Name>['clients'],
    uris: Object.fromEntries(
      Object.entries(keeper.secrets().connections).map(([name, { uri }]) => [name, uri]),
    ) as Record<Name, string>,
    environment: Object.assign({}, ...names.map((name) => keeper.secrets().connections[name]?.environment)),
    dataset,
    crossStore,
    schemaGaps: gaps,
    startup: recorder.steps,
    faults,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };

  async function dispose(): Promise<void> {
    await Promise.allSettled([...connections.values()].map((connection) => connection[Symbol.asyncDispose]()));
    if (!ephemeral) {
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
