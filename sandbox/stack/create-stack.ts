import type { Dataset } from '../../seeds/dataset.ts';
import { ensureDocker } from '../containers/docker-host.ts';
import { createFaults, type Faults } from '../containers/faults.ts';
import { healFaults } from '../containers/heal-faults.ts';
import { ownerOfThisProcess } from '../containers/owner.ts';
import { keepLoopbackFromProxy } from '../core/loopback-proxy.ts';
import { runTask } from '../core/progress.ts';
import type { CrossStoreReport } from '../cross-store/check-across-stores.ts';
import type { Engine } from '../engines/engine.ts';
import type { EngineClient, EngineName } from '../engines/index.ts';
import type { Connection, RunningEngine } from '../engines/topology.ts';
import { type AskedStack, askedStack, identifyingOptions } from './asked-stack.ts';
import { checkAfterLoad, uncheckedEngines } from './check-after-load.ts';
import { removeAbandoned } from './clean-up.ts';
import { loadEngines } from './load-engines.ts';
import { removeStack } from './remove-stack.ts';
import { resolveStack } from './resolved-stack.ts';
import { createSafetyCopies } from './safety-copies.ts';
import type { EngineGap } from './schema-gaps.ts';
import { sourceHash } from './source-hash.ts';
import { withStackLock } from './stack-lock.ts';
import type { StackOptions } from './stack-options.ts';
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
  const asked = askedStack(options);
  const { identity, purpose, signal } = asked;
  keepLoopbackFromProxy();
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
  const { identity, purpose, progress } = asked;
  const recorder = createStartupRecorder();
  const [engines] = await Promise.all([
    loadEngines(asked.engines),
    recorder.step('docker', [], () => ensureDocker({ install: asked.dockerInstall, progress })),
  ]);
  const abandoned = removeAbandoned();
  // Awaited below: what else fails first must not make its failure nobody's, which would end the process.
  abandoned.catch(() => {});
  const stack = await resolveStack(asked, engines, recorder);
  const { dataset } = stack;
  const safety = createSafetyCopies(identity.name);
  const { running, gaps, undoLoads } = await startStack({ stack, keeper, recorder, safety });
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
  if (purpose !== 'throw-away')
    await keeper.update({ sourceHash: await sourceHash(asked.engines, identifyingOptions(stack)) });
  const faults = createFaults(identity.name, ownerOfThisProcess());
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
    return [engine.name, await engine.connect(target)] as const;
  });
  return new Map(await Promise.all(opened));
}
