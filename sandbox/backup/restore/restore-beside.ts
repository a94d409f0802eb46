import { alsoSaying, messageOf, SandboxError } from '../../core/errors.ts';
import { notice, silent } from '../../core/progress.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import { unlessAborted } from '../../core/within.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { attachStack } from '../../stack/attach/attach-stack.ts';
import { takeDown } from '../../stack/remove/take-down.ts';
import {
  freeRestoreName,
  markRestored,
  type RestoreStack,
  restoresBeside,
} from '../../stack/replace/restore-stacks.ts';
import { startPresent } from '../../stack/start/start-present.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import type { RestoreReport } from '../backup-report.ts';
import { archivedOf, type RestoreSource, restoreInto, restoreOne, sayTo } from './restore-one.ts';
import type { RestoreOptions } from './restore-options.ts';

/**
 * Restores without touching live data: beside it, under names of its own, where the engine can and runs; into a stack
 * of its own, which stays up, where not. What earlier restores left in either gives way once this one is whole; where it
 * fails or is interrupted, the stack that it had begun is removed.
 */
export async function restoreBesideLive(
  source: RestoreSource,
  options: RestoreOptions,
): Promise<Pick<RestoreReport, 'engines' | 'restoreStack'>> {
  const live = await runningOf(source.engines.filter(canBeside), options);
  const elsewhere = source.engines.filter(({ name }) => !live.has(name));
  const finished: string[] = [];
  const stack = elsewhere.length === 0 ? undefined : await beginStack(source, elsewhere, options);
  try {
    const restoring = restoreAll(source, { live, targets: stack?.targets, finished }, options);
    // Whoever interrupts it does not wait until every engine has come to its end.
    const engines = await unlessAborted(restoring, options.signal);
    return stack === undefined ? { engines } : { engines, restoreStack: await stack.finish() };
  } catch (thrown) {
    const removed = stack === undefined ? [] : [await stack.putAway()];
    const kept = finished.length === 0 ? [] : [`What was restored beside the live data stays: ${finished.join(', ')}.`];
    throw alsoSaying(thrown, [...removed, ...kept].join(' '));
  }
}

type Targets = ReadonlyMap<string, RunningEngine>;

/** A stack that is restored into, from its start on. */
interface BegunStack {
  /** Its engines, once they run. */
  readonly targets: Promise<Targets>;
  /** Once everything is in it: it counts from then on, and those of earlier restores go. */
  readonly finish: () => Promise<NonNullable<RestoreReport['restoreStack']>>;
  /** Removes it. Returns what there is to say about that. */
  readonly putAway: () => Promise<string>;
}

async function beginStack(
  source: RestoreSource,
  engines: readonly Engine[],
  options: RestoreOptions,
): Promise<BegunStack> {
  const identity = stackIdentity(options);
  const earlier = await restoresBeside(identity);
  const name = await freeRestoreName(identity);
  const targets = startEmpty(source, engines, name, options);
  // Whoever waits for it is told.
  targets.catch(() => {});
  return {
    targets,
    async finish() {
      await markRestored({ ...identity, name }, identity.name);
      await removeEarlier(earlier, options);
      const command = (words: string) => `npm run sandbox -- ${words} --name ${name}`;
      return { name, look: command('status'), remove: command('down -v') };
    },
    async putAway() {
      await Promise.allSettled([targets]);
      return putAway(name, options);
    },
  };
}

interface Places {
  /** Engines that run, and are restored into beside their live data. */
  readonly live: Targets;
  readonly targets: Promise<Targets> | undefined;
  /** Gets the names of what was restored beside live data, as it is. */
  readonly finished: string[];
}

/** Each engine into its running node beside the live data, or into that of `targets`. */
async function restoreAll(
  source: RestoreSource,
  { live, targets, finished }: Places,
  { progress = silent }: RestoreOptions,
): Promise<RestoreReport['engines']> {
  return runConcurrently(source.engines, async (engine) => {
    const running = live.get(engine.name);
    if (running === undefined) {
      return restoreInto(source, engine, required(await targets, engine), 'restore-stack', progress);
    }
    const restored = await restoreOne(source, engine, 'beside', progress, async ({ restoreBeside }, { backup }) => {
      if (restoreBeside === undefined) throw new Error(whyWithout(engine, 'restoreBeside'));
      return restoreBeside(running, source.folderOf(engine.name), backup, { say: sayTo(progress, engine) });
    });
    finished.push(...restored.names.map((name) => `${name} (${engine.name})`));
    return restored;
  });
}

/** Removes what a restore that came to nothing had started. Returns what there is to say about it. */
async function putAway(name: string, { directory, progress = silent }: RestoreOptions): Promise<string> {
  try {
    await takeDown({ ...withoutUndefined({ directory }), name, volumes: true, progress });
    const text = `The stack ${name}, which it had started, is removed again.`;
    notice(progress, 'warning', text);
    return text;
  } catch (thrown) {
    const text = `The stack ${name}, which it had started, is still there (${messageOf(thrown)}); \`npm run sandbox -- down -v --name ${name}\` DELETES it, and nothing else.`;
    notice(progress, 'warning', text);
    return text;
  }
}

/** Removes stacks of earlier restores, and returns the names of those that are gone. */
export async function removeEarlier(
  earlier: readonly RestoreStack[],
  { directory, progress = silent }: Pick<RestoreOptions, 'directory' | 'progress'>,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const { name } of earlier) {
    try {
      await takeDown({ ...withoutUndefined({ directory }), name, volumes: true, progress });
      notice(progress, 'info', `the stack ${name} of an earlier restore is removed`);
      removed.push(name);
    } catch (thrown) {
      // The new one is no worse for it.
      notice(progress, 'warning', `the stack ${name} of an earlier restore is still there: ${messageOf(thrown)}`);
    }
  }
  return removed;
}

function canBeside({ backup }: Engine): boolean {
  return backup?.restoreBeside !== undefined;
}

/** Those of the engines that run in the stack of the folder. */
export async function runningOf(
  engines: readonly Engine[],
  options: Pick<RestoreOptions, 'directory' | 'name'>,
): Promise<Map<string, RunningEngine>> {
  const attached = await Promise.all(
    engines.map(async ({ name }) => {
      const stack = await attachStack({ ...options, engines: [name] }).catch((thrown) => {
        if (thrown instanceof SandboxError && ['STACK_NOT_RUNNING', 'DOCKER_NOT_FOUND'].includes(thrown.code))
          return undefined;
        throw thrown;
      });
      return [...(stack?.engines ?? [])];
    }),
  );
  return new Map(attached.flat());
}

/** In the layout that the data had, and on ports of its own. */
async function startEmpty(
  source: RestoreSource,
  engines: readonly Engine[],
  name: string,
  options: RestoreOptions,
): Promise<ReadonlyMap<string, RunningEngine>> {
  const { ports: _ofTheLiveStack, ...others } = options;
  return startPresent({
    ...others,
    name,
    beside: stackIdentity(options).name,
    engines: engines.map((engine) => engine.name),
    topologies: Object.fromEntries(engines.map((engine) => [engine.name, archivedOf(source, engine.name).topology])),
  });
}

function required(targets: Targets | undefined, engine: Engine): RunningEngine {
  const running = targets?.get(engine.name);
  if (running === undefined) throw new Error(`${engine.name} was not started`);
  return running;
}
