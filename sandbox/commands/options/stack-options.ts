import { withoutUndefined } from '../../core/without-undefined.ts';
import type { StackOptions } from '../../stack/stack-options.ts';
import type { ActionContext } from '../run-action.ts';
import { parseChoice, parseWholeNumber } from './names.ts';

/** Options of the stack that a command means: the one of its folder, which stays up. */
export function stackOptionsOf({ settings, flags, progress, signal }: ActionContext): StackOptions {
  const {
    directory,
    name,
    engines,
    topologies,
    failover,
    size,
    images,
    dockerInstall,
    ports,
    migrations,
    waitTimeoutMs,
  } = settings;
  const seed = flags.seed === undefined ? undefined : parseWholeNumber(flags.seed, 0, '--seed');
  return {
    ephemeral: false,
    connect: false,
    directory,
    engines,
    topologies,
    failover,
    size,
    images,
    dockerInstall,
    ports,
    migrations,
    reset: flags.reset === true,
    moveTakenPorts:
      flags.ports !== undefined && parseChoice(String(flags.ports), ['new', 'same'] as const, '--ports') === 'new',
    progress,
    signal,
    ...withoutUndefined({ name, seed, readyTimeoutMs: waitTimeoutMs }),
  };
}

/** {@link stackOptionsOf} a stack that goes on as it is: with a watcher if it has one. */
export function presentOptionsOf(context: ActionContext): StackOptions {
  const { failover: _asItIs, ...options } = stackOptionsOf(context);
  return options;
}

/** Folder and name of the stack that a command means. */
export function identityOf({ settings }: Pick<ActionContext, 'settings'>): { directory: string; name?: string } {
  return { directory: settings.directory, ...withoutUndefined({ name: settings.name }) };
}

/** {@link identityOf} with the engines, where somebody chose some. */
export function chosenEngines({ settings }: Pick<ActionContext, 'settings'>) {
  return settings.enginesChosen ? { engines: settings.engines } : {};
}
