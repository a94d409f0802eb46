import { createTemporaryFolder } from '../../../sandbox/core/files/temporary-folder.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import type { RunningEngine, TopologyName } from '../../../sandbox/engines/contract/topology.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../../sandbox/stack/remove/take-down.ts';
import { restoresBeside } from '../../../sandbox/stack/replace/restore-stacks.ts';
import { removeStackFolder } from '../../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../../sandbox/stack/state/stack-identity.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import { prefixed, type SuiteContext } from '../../suite-context.ts';
import { suite } from '../one-engine/drill.ts';

/** What stands in results where the name of an engine would. */
export const allEngines = 'all';

/** The stack of a folder of its own, which commands find there. It goes with its data when it is disposed of. */
export interface PlatformStack extends AsyncDisposable {
  readonly directory: string;
  readonly engines: readonly EngineWith<'data'>[];
  /** Starts it, with the dataset the first time. What runs already is taken as it is. */
  readonly up: () => Promise<Stack>;
}

/** Default of `topology`: `standalone`. */
export async function createPlatformStack(
  engines: readonly EngineWith<'data'>[],
  context: SuiteContext,
  topology: TopologyName = 'standalone',
): Promise<PlatformStack> {
  const folder = await createTemporaryFolder('taishang-platform-');
  const directory = folder.path;
  let size: SuiteContext['size'] | 'none' = context.size;
  return {
    directory,
    engines,
    up: async () => {
      const stack = await createStack({
        ...context.stackOptions,
        directory,
        progress: prefixed(context.progress, ['scenarios', suite]),
        engines: engines.map((engine) => engine.name),
        topologies: Object.fromEntries(engines.map((engine) => [engine.name, topology])),
        size,
        seed: context.seed,
        ephemeral: false,
        connect: false,
      });
      size = 'none';
      return stack;
    },
    [Symbol.asyncDispose]: async () => {
      // Engines that cannot restore beside their live data did so in a stack of its own.
      const beside = await restoresBeside(stackIdentity({ directory }));
      await takeDown({ directory, volumes: true });
      for (const { name } of beside) await takeDown({ directory, name, volumes: true });
      await removeStackFolder(stackIdentity({ directory }).name);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What each engine of a stack holds, by the engine's name. */
export async function fingerprintsOf(
  engines: readonly EngineWith<'data'>[],
  stack: Stack,
): Promise<ReadonlyMap<string, Fingerprint>> {
  const each = engines.map(
    async (engine) => [engine.name, await engine.data.fingerprint(runningOf(stack, engine))] as const,
  );
  return new Map(await Promise.all(each));
}

/** Another world under the same schemas: whatever a restore does not bring back shows. */
export async function overwrite(
  engines: readonly EngineWith<'data'>[],
  stack: Stack,
  context: SuiteContext,
): Promise<void> {
  const other = createDataset({ size: context.size, seed: context.seed + 1 });
  const report = { advance: () => {}, summarise: () => {} };
  await Promise.all(engines.map((engine) => engine.data.load(runningOf(stack, engine), other, report)));
}

function runningOf(stack: Stack, engine: EngineWith<'data'>): RunningEngine {
  return stack.engines[engine.name];
}
