import { ensureFixedNetwork } from '../containers/fixed-network.ts';
import { labelNames } from '../containers/labels.ts';
import { removeContainer } from '../containers/nodes.ts';
import { ensureNetwork, findContainers, findVolumes, removeNetwork, removeVolume } from '../containers/objects.ts';
import { SandboxError } from '../core/errors.ts';
import { runTask } from '../core/progress.ts';
import type { Engine } from '../engines/engine.ts';
import type { RunningEngine } from '../engines/topology.ts';
import { bringUpEngine } from './bring-up-engine.ts';
import { nodeNamesOf } from './described-nodes.ts';
import { removeOtherGenerations } from './generations.ts';
import { headStart } from './head-start.ts';
import { topologyDifferent } from './laid-out.ts';
import { createNodeAddresses, knownNumbers, type NodeAddresses } from './node-addresses.ts';
import { requireReadableData } from './readable-data.ts';
import type { ResolvedEngine, ResolvedStack } from './resolved-stack.ts';
import { createSafetyCopies } from './safety-copies.ts';
import type { EngineGap } from './schema-gaps.ts';
import { generateSecrets } from './secrets.ts';
import type { StackIdentity } from './stack-identity.ts';
import { type Before, lookAround, type StackStart, volumesOf } from './stack-start.ts';
import { lostSecrets, type StackState } from './stack-state.ts';
import type { StateKeeper } from './state-keeper.ts';

export interface StartedStack {
  readonly running: ReadonlyMap<string, RunningEngine>;
  /** What engines that were there before lack of their schemas. */
  readonly gaps: readonly EngineGap[];
  /** Puts the stores back to what they held before this start loaded them, if anything; for who finds them wrong. */
  readonly undoLoads: (thrown: unknown) => Promise<unknown>;
}

/**
 * Starts the engines side by side; each gets its schema and its data as soon as it is ready.
 * If one fails, what this start has made is taken down again.
 */
export async function startStack(start: StackStart): Promise<StartedStack> {
  const { stack, keeper } = start;
  const before = await lookAround(stack, keeper);
  const known = keeper.state();
  for (const resolved of stack.engines) await requireOwnData(start, before, resolved);
  const abort = new AbortController();
  const signal = AbortSignal.any([stack.signal, abort.signal]);
  await keeper.update({ sourceHash: undefined });
  const engines = stack.engines.map(({ engine }) => engine);
  await rememberSecrets({ engines, keeper, identity: stack.identity }, before);
  const addresses = await start.recorder.step('network', ['images'], () => networkOf(start, before));
  const head = headStart(engines);
  const onWaiting = onceAllWait(stack);
  const running = head.inOrder(stack.engines).map(async (resolved) => {
    try {
      return await bringUpEngine(
        { ...start, stack: { ...stack, signal }, addresses, onWaiting },
        before,
        head,
        resolved,
      );
    } catch (thrown) {
      abort.abort(thrown);
      throw thrown;
    }
  });
  const results = await Promise.allSettled(running);
  if (signal.aborted) {
    throw await undo(start, before, known, signal.reason);
  }
  const up = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return {
    running: new Map(up.map(({ running }) => [running.engine, running])),
    gaps: up.flatMap(({ gaps }) => gaps),
    undoLoads: async (thrown) => {
      return start.safety.engines().size === 0 ? thrown : await undo(start, before, known, thrown);
    },
  };
}

/** Throws `TOPOLOGY_DIFFERENT` or `IMAGE_DIFFERENT` where there is data that the engine would not start on. */
async function requireOwnData(
  { keeper }: StackStart,
  before: Before,
  { engine, topology, image }: ResolvedEngine,
): Promise<void> {
  const there = await before.topologyOf(engine);
  if (there === undefined) return;
  if (there !== topology.name) throw topologyDifferent(engine, there, topology.name);
  await requireReadableData(engine, keeper.state().engines[engine.name], image);
}

/**
 * Undoes what this start has done: what it has started goes, and the stores hold what they held, if anything was
 * replaced. Returns the error with what was done about it.
 */
async function undo(start: StackStart, before: Before, known: StackState, thrown: unknown): Promise<unknown> {
  const { safety, keeper, stack } = start;
  const { identity, progress } = stack;
  const copied = safety.engines();
  await takeBack(start, before, copied);
  if (copied.size === 0) {
    await safety.discard();
    return thrown;
  }
  await runTask(progress, ['put back'], async () => {
    await safety.changeOver(before.labels);
    const now = keeper.state();
    await keeper.update({
      engines: { ...now.engines, ...only(known.engines, copied) },
      unchecked: [
        ...(now.unchecked ?? []).filter((name) => !copied.has(name)),
        ...(known.unchecked ?? []).filter((name) => copied.has(name)),
      ],
    });
    await removeOtherGenerations(identity.name, keeper.state());
    const ran = new Set(
      [...before.existing.values()].flatMap(({ running, labels }) => (running ? [labels[labelNames.engine]] : [])),
    );
    const engines = stack.engines.filter(({ engine: { name } }) => copied.has(name) && ran.has(name));
    if (engines.length === 0) return;
    const asTheyAre = { schema: false, reset: false, dataset: undefined, signal: new AbortController().signal };
    const again = { ...stack, ...asTheyAre, engines };
    await startStack({ ...start, stack: again, safety: createSafetyCopies(identity.name) });
  });
  return asBefore(thrown);
}

function only(known: StackState['engines'], names: ReadonlySet<string>): StackState['engines'] {
  return Object.fromEntries(Object.entries(known).filter(([name]) => names.has(name)));
}

function asBefore(thrown: unknown): unknown {
  if (!(thrown instanceof SandboxError)) return thrown;
  const { code, engine, evidence } = thrown;
  return new SandboxError({
    code,
    ...(engine === undefined ? {} : { engine }),
    ...(evidence === undefined ? {} : { evidence }),
    message: `${thrown.message} The stores hold again what they held before.`,
    next:
      code === 'LOAD_FAILED'
        ? 'See to the cause, and run it again. `npm run sandbox -- logs` shows what the server says.'
        : thrown.next,
    cause: thrown.cause ?? thrown,
  });
}

/**
 * Every load waits for the dataset's fingerprint. It is made while the servers start, once all have begun: `small` is
 * hashed in this thread, which creates the containers. Nothing is made twice: who asks for it later gets the same one.
 */
function onceAllWait({ engines, dataset, schema }: ResolvedStack): (engine: Engine) => void {
  const waiting = new Set<string>();
  return ({ name }) => {
    waiting.add(name);
    if (waiting.size < engines.length || !schema) return;
    // A failure is that of the first load, which asks for it too.
    dataset?.fingerprint().catch(() => {});
  };
}

/** Nodes that know each other by address need one that outlives a restart; a single node does without. */
async function networkOf(
  { stack: { engines, identity }, keeper }: StackStart,
  before: Before,
): Promise<NodeAddresses | undefined> {
  if (engines.every(({ topology }) => topology.name === 'standalone')) {
    await ensureNetwork(identity.name, before.labels);
    return undefined;
  }
  const network = await ensureFixedNetwork(identity.name, before.labels);
  const known = knownNumbers(network, [...before.existing.values()], keeper.state());
  const addresses = createNodeAddresses(network, known);
  // In the order of the list, not in that in which they happen to start; and before one of them has its address.
  for (const { topology } of engines) {
    if (topology.name !== 'standalone') for (const node of nodeNamesOf(topology)) addresses.of(node);
  }
  await keeper.update({ addressNumbers: addresses.numbers() });
  return addresses;
}

/** Passwords are on disk before the first container that knows them. Throws `SECRETS_LOST`. */
export async function rememberSecrets(
  {
    engines,
    keeper,
    identity,
  }: { readonly engines: readonly Engine[]; readonly keeper: StateKeeper; readonly identity: StackIdentity },
  before: Before,
): Promise<void> {
  const known = keeper.secrets().secrets;
  const lost = engines.find(
    ({ name }) =>
      known[name] === undefined && volumesOf(before, name).length > 0 && !keeper.state().unfinished.includes(name),
  );
  if (lost !== undefined) throw await lostSecrets(identity, lost.name, `There is data of ${lost.title} from before`);
  const generated = engines.map(
    (engine) => [engine.name, generateSecrets(engine.secretNames, known[engine.name])] as const,
  );
  await keeper.updateSecrets({ secrets: { ...known, ...Object.fromEntries(generated) } });
}

/**
 * Takes down what this start has made: containers that did not run before, and volumes that were not there; but for
 * those of engines that were copied, which are the data now.
 */
async function takeBack({ stack, keeper }: StackStart, before: Before, copied: ReadonlySet<string>): Promise<void> {
  const ours = { [labelNames.stack]: stack.identity.name };
  const wasRunning = (name: string) => {
    const found = before.existing.get(name);
    return found?.running === true || found?.paused === true;
  };
  const found = await findContainers(ours);
  const containers = found.filter((container) => !wasRunning(container.name));
  await Promise.all(containers.map((container) => removeContainer(container.id)));
  // A node that ran and was made anew for this version may have got a volume that it did not have before: that stays.
  const used = new Set(found.filter(({ name }) => wasRunning(name)).flatMap((container) => container.volumes));
  const volumes = (await findVolumes(ours)).filter(({ name, labels }) => {
    return !before.volumes.has(name) && !used.has(name) && !copied.has(labels[labelNames.engine] ?? '');
  });
  await Promise.all(volumes.map((volume) => removeVolume(volume.name)));
  const gone = new Set(containers.map((container) => container.labels[labelNames.engine]));
  const kept = Object.entries(keeper.state().engines).filter(([name]) => !gone.has(name));
  await keeper.update({ engines: Object.fromEntries(kept) });
  if (before.existing.size === 0) await removeNetwork(stack.identity.name);
}
