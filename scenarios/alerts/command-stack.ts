import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { removeStackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { prefixed, type SuiteContext } from '../suite-context.ts';
import { type WatchedStack, watchStack } from './watched-stack.ts';

/** A watched stack of one engine, without data, that commands find in a folder of its own. It goes with the folder. */
export async function startForCommands(
  engine: EngineName,
  context: SuiteContext,
  timeScale: number,
): Promise<{ readonly directory: string; readonly watched: WatchedStack }> {
  const folder = await createTemporaryFolder('taishang-alerts-');
  const directory = folder.path;
  const end = async () => {
    await takeDown({ directory, volumes: true });
    await removeStackFolder(stackIdentity({ directory }).name);
    await folder[Symbol.asyncDispose]();
  };
  try {
    const stack = await createStack({
      ...context.stackOptions,
      directory,
      engines: [engine],
      size: 'none',
      ephemeral: false,
      connect: false,
      progress: prefixed(context.progress, ['scenarios', 'alerts', engine]),
    });
    const watched = await watchStack(stack, context, timeScale);
    const dispose = async () => {
      try {
        await watched[Symbol.asyncDispose]();
      } finally {
        await end();
      }
    };
    return { directory, watched: { ...watched, [Symbol.asyncDispose]: dispose } };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}
