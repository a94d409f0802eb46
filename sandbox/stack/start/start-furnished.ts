import { labelNames } from '../../containers/runtime/labels.ts';
import { SandboxError } from '../../core/errors.ts';
import { runTask } from '../../core/progress.ts';
import { withFullStop } from '../../core/text/full-stop.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { furnishEngine } from '../furnish/furnish-engine.ts';
import type { EngineGap } from '../furnish/schema-gaps.ts';
import { createSafetyCopies, type SafetyCopies } from '../replace/safety-copies.ts';
import { removeOtherGenerations } from '../resolve/generations.ts';
import type { ResolvedStack } from '../resolve/resolved-stack.ts';
import type { StackState } from '../state/stack-state.ts';
import { inspectExisting, type StackStart } from './stack-start.ts';
import { rollBack, startNodes, startStack } from './start-stack.ts';

export interface StartedStack {
  readonly running: ReadonlyMap<string, RunningEngine>;
  /** What engines that were there before lack of their schemas. */
  readonly gaps: readonly EngineGap[];
  /** Puts the stores back to what they held before this start loaded them, if anything; for who finds them wrong. */
  readonly undoLoads: (thrown: unknown) => Promise<unknown>;
  /** Copies what an engine holds that was there before, unless that was done: for who is about to change it. */
  readonly keepCopy: (engine: Engine) => Promise<void>;
  /** The same as `undoLoads`, and takes down what this start has made: nothing of it is to be used. */
  readonly undoAll: (thrown: unknown) => Promise<unknown>;
  /** Once nobody can find them wrong any more. */
  readonly keepLoads: () => Promise<void>;
}

/** Starts a stack with its schemas and its data. If one engine fails, everything is as it was before. */
export async function startFurnished(start: StackStart): Promise<StartedStack> {
  const { stack, keeper } = start;
  const known = keeper.state();
  const safety = createSafetyCopies(stack.identity.name);
  const isNew = new Set<string>();
  const started = startStack(start, {
    furnish: (up, begun) => {
      if (up.isFirstStart) isNew.add(up.engine.name);
      return furnishEngine(start, safety, up, begun);
    },
    onWaiting: onceAllWait(stack),
    copied: safety.engines,
  });
  const { running, furnished } = await started.catch(async (thrown) => {
    throw await putBack(start, safety, known, thrown);
  });
  return {
    running,
    gaps: furnished.flat(),
    undoLoads: async (thrown) => {
      if (safety.engines().size === 0) return thrown;
      await rollBack(start, safety.engines());
      return putBack(start, safety, known, thrown);
    },
    keepCopy: async (engine) => {
      const target = running.get(engine.name);
      if (target === undefined || isNew.has(engine.name)) return;
      await runTask(stack.progress, ['copy', engine.name], () => safety.take(engine, target, start.before));
    },
    undoAll: async (thrown) => {
      await rollBack(start, safety.engines());
      return putBack(start, safety, known, thrown);
    },
    keepLoads: safety.discard,
  };
}

/**
 * What a failed start has started is gone: the stores hold what they held, if anything was replaced. Returns the error
 * with what was done about it.
 */
async function putBack(start: StackStart, safety: SafetyCopies, known: StackState, thrown: unknown): Promise<unknown> {
  const { keeper, stack, before } = start;
  const { identity, progress } = stack;
  const copied = safety.engines();
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
    await startNodes({ ...start, stack: again, before: await inspectExisting(again, keeper) });
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
    ...withoutUndefined({ engine, evidence }),
    message: `${withFullStop(thrown.message)} The stores hold again what they held before.`,
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
