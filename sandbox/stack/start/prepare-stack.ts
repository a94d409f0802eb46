import { ensureDocker } from '../../containers/runtime/find/docker-host.ts';
import { keepLoopbackFromProxy } from '../../core/process/loopback-proxy.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { requireMigratable } from '../migrate/known-store.ts';
import { readPlans } from '../migrate/read-plans.ts';
import { removeAbandoned } from '../remove/clean-up.ts';
import { topologyDifferent } from '../replace/laid-out.ts';
import { requireReadableData } from '../replace/readable-data.ts';
import type { AskedStack } from '../resolve/asked-stack.ts';
import { type ResolvedEngine, resolveStack } from '../resolve/resolved-stack.ts';
import type { StateKeeper } from '../state/state-keeper.ts';
import { type Before, inspectExisting, type StackStart } from './stack-start.ts';
import { createStartupRecorder } from './startup-steps.ts';

/** A start with everything that it needs, of which nothing has been begun. */
export interface PreparedStack extends StackStart {
  /** Ends once what killed processes have left is removed. Runs beside the start, which does not need its end. */
  readonly cleanedUp: Promise<unknown>;
}

/**
 * Works out what is to be started, and refuses what would not go on with the data that is there, before anything of it is
 * touched. Throws what `readPlans`, `ensureDocker` and `resolveStack` throw, `TOPOLOGY_DIFFERENT`, `IMAGE_DIFFERENT`,
 * `MIGRATION_DIFFERENT`.
 */
export async function prepareStack(asked: AskedStack, keeper: StateKeeper): Promise<PreparedStack> {
  keepLoopbackFromProxy();
  const recorder = createStartupRecorder();
  const loading = loadEngines(asked.engines);
  // Before a container engine may be installed: what a service's own schema is wrong about needs none.
  const hasOwn = asked.schema && Object.keys(asked.migrations).length > 0;
  const migrations = await readPlans(asked.migrations, hasOwn ? await loading : [], asked.identity.directory);
  const [engines] = await Promise.all([
    loading,
    recorder.step('docker', [], () => ensureDocker({ install: asked.dockerInstall, progress: asked.progress })),
  ]);
  const cleanedUp = removeAbandoned();
  // Awaited by who starts: what else fails first must not make its failure nobody's, which would end the process.
  cleanedUp.catch(() => {});
  const stack = await resolveStack(asked, { engines, migrations }, recorder);
  const before = await inspectExisting(stack, keeper);
  for (const resolved of stack.engines) await requireOwnData(keeper, before, resolved);
  const start = { stack, keeper, recorder, before };
  for (const { engine } of stack.engines) requireMigratable(start, engine);
  return { ...start, cleanedUp };
}

/** Throws `TOPOLOGY_DIFFERENT` or `IMAGE_DIFFERENT` where there is data that the engine would not start on. */
async function requireOwnData(
  keeper: StateKeeper,
  before: Before,
  { engine, topology, image }: ResolvedEngine,
): Promise<void> {
  const there = await before.topologyOf(engine);
  if (there === undefined) return;
  if (there !== topology.name) throw topologyDifferent(engine, there, topology.name);
  await requireReadableData(engine, keeper.state().engines[engine.name], image);
}
