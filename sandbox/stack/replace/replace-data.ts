import { availableResources } from '../../containers/host/host-findings.ts';
import { removeContainer } from '../../containers/nodes/nodes.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { findContainers } from '../../containers/runtime/objects.ts';
import { SandboxError } from '../../core/errors.ts';
import { allSettled } from '../../core/run-concurrently.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine, TopologyName } from '../../engines/contract/topology.ts';
import { type Fill, fillNewVolumes, requireMovable, type Staged } from '../furnish/staged-engines.ts';
import { removeAbandoned } from '../remove/clean-up.ts';
import { stopNodes } from '../remove/stop-nodes.ts';
import { type AskedStack, askedStack } from '../resolve/asked-stack.ts';
import { recordGenerations, removeOtherGenerations } from '../resolve/generations.ts';
import { chooseTopologies, resolveEngines } from '../resolve/resolved-stack.ts';
import { checkResources } from '../resolve/resources.ts';
import type { StackOptions } from '../stack-options.ts';
import { type Before, inspectExisting } from '../start/stack-start.ts';
import { rememberSecrets, startNodes } from '../start/start-stack.ts';
import { createStartupRecorder } from '../start/startup-steps.ts';
import { afterRestore, type Migrated } from '../state/migrated.ts';
import { withStackLock } from '../state/stack-lock.ts';
import type { LoadedDataset, StackState } from '../state/stack-state.ts';
import { type StateKeeper, stateOnDisk } from '../state/state-keeper.ts';

export interface ReplaceOptions {
  /** The stack whose data is replaced: its folder, name, ports and images. */
  readonly stack: Pick<
    StackOptions,
    'directory' | 'name' | 'ports' | 'images' | 'dockerInstall' | 'readyTimeoutMs' | 'progress' | 'signal'
  >;
  readonly engines: readonly Engine[];
  /** Topology of an engine that the stack does not have yet. */
  readonly topologyOf: (engine: string) => TopologyName;
  /** What an engine holds afterwards, if it is a dataset. */
  readonly datasetOf: (engine: string) => LoadedDataset | undefined;
  /** What of a service's own schema an engine has afterwards: null, nothing; `undefined`: nobody knows. */
  readonly migratedOf: (engine: string) => Migrated | null | undefined;
  /** Fills an empty engine that is not part of the stack yet. */
  readonly fill: Fill;
  /** What must have ended before the old data gives way. Runs beside `fill`, under the lock of the stack. */
  readonly beforeChangeOver: () => Promise<void>;
}

export interface Replaced {
  readonly running: ReadonlyMap<string, RunningEngine>;
  /** From the stop of the old nodes to the first answer of the last new one. */
  readonly downtimeMs: number;
}

/**
 * Replaces the data of engines of a stack that stays up. New volumes are filled while the old ones serve; then all
 * engines change over at once. A process that is killed leaves either the old data or the new, of all engines alike.
 * The container engine must answer. Throws what `fill` and `beforeChangeOver` throw, with the stack as it was; `STACK_NOT_RUNNING` where a first start was not finished.
 */
export async function replaceData(options: ReplaceOptions): Promise<Replaced> {
  const { stack, engines } = options;
  const names = engines.map(({ name }) => name);
  const asked = askedStack({ ...stack, ephemeral: false, engines: names });
  const { identity, progress, signal } = asked;
  return withStackLock(identity.directory, identity.name, async () => replace(await stateOnDisk(identity)), signal);

  async function replace(keeper: StateKeeper): Promise<Replaced> {
    await removeAbandoned();
    await removeOtherGenerations(identity.name, keeper.state());
    const before = await inspectExisting(asked, keeper);
    requireFinished(engines, keeper.state());
    const topologies = Object.fromEntries(topologiesOf(keeper, options));
    const staged = await prepare(engines, { ...asked, topologies }, keeper, before);
    const current = Object.fromEntries(engines.map(({ name }) => [name, before.generations[name] ?? 0]));
    // Before there is another generation: a start after a kill must know that it does not count.
    await recordGenerations(before.labels, current);
    const place = { labels: before.labels, progress, signal };
    await allSettled([fillNewVolumes(staged, place, options.fill), options.beforeChangeOver()]).catch(
      async (thrown) => {
        await removeOtherGenerations(identity.name, keeper.state());
        throw thrown;
      },
    );
    const stoppedMs = await changeOver(staged, keeper, before);
    // What was backed up is not asked whether it is what would be loaded now: the next `up` does.
    const stack = { ...asked, topologies, engines: staged, dataset: undefined, migrations: new Map() };
    const recorder = createStartupRecorder();
    const running = await startNodes({ stack, keeper, recorder, before: await inspectExisting(asked, keeper) });
    const downtimeMs = Math.round(performance.now() - stoppedMs);
    await rememberDatasets(keeper, options);
    await removeOtherGenerations(identity.name, keeper.state());
    return { running, downtimeMs };
  }
}

function topologiesOf(keeper: StateKeeper, { engines, topologyOf }: ReplaceOptions) {
  return engines.map(({ name }) => [name, keeper.state().engines[name]?.topology ?? topologyOf(name)] as const);
}

/** Everything that can be refused is refused here, before a volume is made. */
async function prepare(
  engines: readonly Engine[],
  asked: AskedStack,
  keeper: StateKeeper,
  before: Before,
): Promise<readonly Staged[]> {
  checkResources(engines, await availableResources());
  const resolved = await resolveEngines(chooseTopologies(engines, asked.topologies), asked);
  await rememberSecrets({ engines, keeper, identity: asked.identity }, before);
  return resolved.map((each) => {
    const { name } = each.engine;
    const secrets = keeper.secrets().secrets[name] ?? {};
    const staged = { ...each, secrets, generation: (before.generations[name] ?? 0) + 1 };
    requireMovable(staged);
    return staged;
  });
}

/**
 * An engine whose first start was killed has volumes that its next start would make anew. Throws `STACK_NOT_RUNNING`.
 */
export function requireFinished(engines: readonly Engine[], state: Pick<StackState, 'unfinished'>): void {
  const unfinished = engines.find(({ name }) => state.unfinished.includes(name));
  if (unfinished === undefined) return;
  throw new SandboxError({
    code: 'STACK_NOT_RUNNING',
    engine: unfinished.name,
    message: `The first start of ${unfinished.title} was not finished.`,
    next: 'Finish it: `npm run sandbox -- up`.',
  });
}

/**
 * The old nodes go first: nobody may write to data that no longer counts. What is killed before the record is made
 * leaves the old generations for the next `up`, and what is killed after it leaves the new ones. Returns when it began.
 */
async function changeOver(staged: readonly Staged[], keeper: StateKeeper, before: Before): Promise<number> {
  await keeper.update({ sourceHash: undefined });
  const beganMs = performance.now();
  const replaced = new Set<string>(staged.map(({ engine }) => engine.name));
  const ours = await findContainers({ [labelNames.stack]: keeper.state().name });
  const old = ours.filter(({ labels }) => replaced.has(labels[labelNames.engine] ?? ''));
  await stopNodes(old);
  await Promise.all(old.map(({ id }) => removeContainer(id)));
  const generations = Object.fromEntries(staged.map(({ engine, generation }) => [engine.name, generation]));
  await recordGenerations(before.labels, generations);
  return beganMs;
}

async function rememberDatasets(
  keeper: StateKeeper,
  { engines, datasetOf, migratedOf }: ReplaceOptions,
): Promise<void> {
  const known = { ...keeper.state().engines };
  for (const { name } of engines) {
    const state = known[name];
    if (state === undefined) continue;
    const { dataset: _, migrated: before, ...others } = state;
    const dataset = datasetOf(name);
    const migrated = migratedAfter(before, migratedOf(name));
    known[name] = { ...others, ...withoutUndefined({ dataset, migrated }) };
  }
  const isReplaced = (name: string) => engines.some((engine) => engine.name === name);
  const unchecked = keeper.state().unchecked?.filter((name) => !isReplaced(name));
  await keeper.update({ engines: known, ...withoutUndefined({ unchecked }) });
}

function migratedAfter(before: Migrated | undefined, now: Migrated | null | undefined): Migrated | undefined {
  if (now === undefined && before !== undefined) return afterRestore(before);
  return now ?? undefined;
}
