import { SandboxError } from '../../core/errors.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { attachStack } from '../../stack/attach/attach-stack.ts';
import { archivedOf, type RestoreSource } from './restore-one.ts';
import type { RestoreOptions } from './restore-options.ts';

/**
 * Rights that an archive would bring and that open a door to others: users without a password, or who may do everything.
 * What the stack gives already is none of them.
 */
export async function doorsOf(source: RestoreSource, options: RestoreOptions): Promise<readonly string[]> {
  const found = await runConcurrently(source.engines, async ({ name, backup }) => {
    if (backup?.doors === undefined) return [];
    const live = await liveOf(name, options);
    // Beside live data an engine gives nobody anything: its `restoreBeside` sees to that.
    if (live !== undefined && options.into !== 'replace' && backup.restoreBeside !== undefined) return [];
    const doors = await backup.doors(source.folderOf(name), archivedOf(source, name).backup, live);
    return doors.map((door) => `${name}: ${door}`);
  });
  return found.flat();
}

/** The engine of the stack that is restored, where it runs. */
async function liveOf(engine: EngineName, options: RestoreOptions): Promise<RunningEngine | undefined> {
  try {
    const { engines } = await attachStack({ ...options, engines: [engine] });
    return engines.get(engine);
  } catch (thrown) {
    if (thrown instanceof SandboxError && ['STACK_NOT_RUNNING', 'DOCKER_NOT_FOUND'].includes(thrown.code)) {
      return undefined;
    }
    throw thrown;
  }
}

export function rightsNotConfirmed(doors: readonly string[]): SandboxError {
  const more = doors.length === 1 ? '' : `, and ${doors.length - 1} more`;
  return new SandboxError({
    code: 'RESTORE_RIGHTS_NOT_CONFIRMED',
    message: `The archive brings rights that open a door to others: ${doors[0]}${more}.`,
    next: 'Nothing was touched. Pass --trust-archive if you trust whoever made it.',
    evidence: doors.join('\n'),
  });
}
