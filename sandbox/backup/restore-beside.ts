import { SandboxError } from '../core/errors.ts';
import { silent } from '../core/progress.ts';
import { sideBySide } from '../core/side-by-side.ts';
import type { Engine } from '../engines/engine.ts';
import type { EngineName } from '../engines/index.ts';
import { isSupported, type RunningEngine } from '../engines/topology.ts';
import { attachStack } from '../stack/attach-stack.ts';
import { createStack } from '../stack/create-stack.ts';
import { shortHash, stackIdentity } from '../stack/stack-identity.ts';
import { takeDown } from '../stack/take-down.ts';
import type { RestoreReport } from './backup-report.ts';
import type { RestoreOptions } from './restore-backup.ts';
import { archivedOf, type RestoreSource, restoreInto, restoreOne, sayTo } from './restore-one.ts';

/** Longest name of a stack that the command line takes. */
const nameLengthMax = 40;

/**
 * Restores without touching live data: beside it, under names of its own, where the engine can and runs; into a stack
 * of its own, which stays up, where not. What an earlier restore left in either is replaced.
 */
export async function restoreBesideLive(
  source: RestoreSource,
  options: RestoreOptions,
): Promise<Pick<RestoreReport, 'engines' | 'restoreStack'>> {
  const progress = options.progress ?? silent;
  const live = await runningOf(source.engines.filter(canBeside), options);
  const elsewhere = source.engines.filter(({ name }) => !live.has(name));
  const name = restoreStackName(stackIdentity(options).name);
  const targets =
    elsewhere.length === 0 ? new Map<string, RunningEngine>() : startEmpty(source, elsewhere, name, options);
  const engines = await sideBySide(source.engines, async (engine) => {
    const running = live.get(engine.name);
    if (running === undefined) {
      return restoreInto(source, engine, required(await targets, engine), 'restore-stack', progress);
    }
    return restoreOne(source, engine, 'beside', progress, async ({ restoreBeside }, { backup }) => {
      if (!isSupported(restoreBeside)) throw new Error(restoreBeside.notSupported);
      return restoreBeside(running, source.folderOf(engine.name), backup, sayTo(progress, engine));
    });
  });
  if (elsewhere.length === 0) return { engines };
  const command = (words: string) => `npm run sandbox -- ${words} --name ${name}`;
  return { engines, restoreStack: { name, look: command('status'), remove: command('down -v') } };
}

/** Name of the stack that data of this one is restored into. */
export function restoreStackName(name: string): string {
  const whole = `${name}-restore`;
  return whole.length <= nameLengthMax ? whole : `${name.slice(0, 23)}-${shortHash(name)}-restore`;
}

function canBeside({ backup }: Engine): boolean {
  return isSupported(backup) && isSupported(backup.restoreBeside);
}

/** Those of the engines that run in the stack of the folder. */
async function runningOf(engines: readonly Engine[], options: RestoreOptions): Promise<Map<string, RunningEngine>> {
  const attached = await Promise.all(
    engines.map(async ({ name }) => {
      const stack = await attachStack({ ...options, engines: [name as EngineName] }).catch((thrown) => {
        if (thrown instanceof SandboxError && ['STACK_NOT_RUNNING', 'DOCKER_NOT_FOUND'].includes(thrown.code))
          return undefined;
        throw thrown;
      });
      return [...(stack?.engines ?? [])];
    }),
  );
  return new Map(attached.flat());
}

/** In the layout that the data had. */
async function startEmpty(
  source: RestoreSource,
  engines: readonly Engine[],
  name: string,
  options: RestoreOptions,
): Promise<ReadonlyMap<string, RunningEngine>> {
  const { directory, images, dockerInstall, readyTimeoutMs, progress, signal } = options;
  const identity = { ...(directory === undefined ? {} : { directory }), name };
  await takeDown({ ...identity, volumes: true });
  const stack = await createStack({
    ...identity,
    ephemeral: false,
    connect: false,
    schema: false,
    size: 'none',
    engines: engines.map((engine) => engine.name as EngineName),
    topologies: Object.fromEntries(engines.map((engine) => [engine.name, archivedOf(source, engine.name).topology])),
    ...(images === undefined ? {} : { images }),
    ...(dockerInstall === undefined ? {} : { dockerInstall }),
    ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }),
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  });
  return new Map(Object.entries(stack.engines));
}

function required(targets: ReadonlyMap<string, RunningEngine>, engine: Engine): RunningEngine {
  const running = targets.get(engine.name);
  if (running === undefined) throw new Error(`${engine.name} was not started`);
  return running;
}
