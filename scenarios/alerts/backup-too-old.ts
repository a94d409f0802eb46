import { join } from 'node:path';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import type { EngineWith } from '../../sandbox/engines/contract/engine.ts';
import { alertsAbout } from '../../sandbox/monitoring/prometheus-files.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { removeStackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runToExit } from '../backup/whole-platform/command.ts';
import { prefixed, type SuiteContext } from '../suite-context.ts';
import { type Drill, ruleOf } from './drills.ts';
import { monitoring } from './monitoring-drills.ts';
import { type WatchedStack, watchStack } from './watched-stack.ts';

/** A drill on a stack that commands find: their backups are what the alert is about. */
export interface BackupDrill {
  readonly drill: Drill;
  readonly start: () => Promise<WatchedStack>;
}

/** The last backup was made yesterday, an hour too early for the alert, which allows 26 hours; healed by one of now. */
export function backupTooOld(engine: EngineWith<'metrics'>, context: SuiteContext, timeScale: number): BackupDrill {
  let directory = '';
  const backUp = (clockOffset: string) =>
    runToExit(0, ['backup', '--to', join(directory, 'archives'), '--retention', 'none'], {
      cwd: directory,
      env: { SANDBOX_CLOCK_OFFSET: clockOffset },
    });
  const drill: Drill = {
    about: monitoring,
    topology: 'standalone',
    alert: 'BackupTooOld',
    cause: 'the last backup is 27 hours old',
    rule: ruleOf(alertsAbout([engine.name]), 'BackupTooOld', engine.name),
    instance: (stack) => stack.name,
    mustFire: true,
    make: async () => {
      await backUp('-27h');
      return async () => {
        await backUp('0s');
      };
    },
  };
  const start = async (): Promise<WatchedStack> => {
    const folder = await createTemporaryFolder('taishang-alerts-');
    directory = folder.path;
    const end = async () => {
      await takeDown({ directory, volumes: true });
      await removeStackFolder(stackIdentity({ directory }).name);
      await folder[Symbol.asyncDispose]();
    };
    try {
      const stack = await createStack({
        ...context.stackOptions,
        directory,
        engines: [engine.name],
        size: 'none',
        ephemeral: false,
        connect: false,
        progress: prefixed(context.progress, ['scenarios', 'alerts', engine.name]),
      });
      const watched = await watchStack(stack, context, timeScale);
      return {
        ...watched,
        async [Symbol.asyncDispose]() {
          await watched[Symbol.asyncDispose]();
          await end();
        },
      };
    } catch (thrown) {
      await end();
      throw thrown;
    }
  };
  return { drill, start };
}
