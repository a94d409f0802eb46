import { join } from 'node:path';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import type { Engine, EngineWith } from '../../sandbox/engines/contract/engine.ts';
import { alertsAbout } from '../../sandbox/monitoring/prometheus-files.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { removeStackFolder } from '../../sandbox/stack/state/stack-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runToExit } from '../backup/whole-platform/command.ts';
import { prefixed, type SuiteContext } from '../suite-context.ts';
import { type Drill, ruleOf } from './drills.ts';
import { monitoring } from './monitoring-drills.ts';
import { type WatchedStack, watchStack } from './watched-stack.ts';

/** A drill on a stack that commands find: when they last ran is what the alert is about. */
export interface CommandDrill {
  readonly drill: Drill;
  readonly start: () => Promise<WatchedStack>;
}

/** A command that publishes when it ran, and what an alert allows. */
interface Command {
  readonly alert: string;
  readonly cause: string;
  readonly hoursAgo: number;
  readonly words: (directory: string) => readonly string[];
}

/** Backups and quality checks, as far as the engine has them; each is healed by a run of now. */
export async function lastRunTooOld(
  engine: EngineWith<'metrics'>,
  context: SuiteContext,
  timeScale: number,
): Promise<readonly CommandDrill[]> {
  const backup: Command = {
    alert: 'BackupTooOld',
    // An hour more than is allowed.
    cause: 'the last backup is 27 hours old',
    hoursAgo: 27,
    words: (directory) => ['backup', '--to', join(directory, 'archives'), '--retention', 'none'],
  };
  const check = engine.quality === undefined ? undefined : await cheapCheckOf(engine);
  const quality: Command | undefined =
    check === undefined
      ? undefined
      : {
          alert: 'QualityCheckSilent',
          cause: 'a check was last decided three hours ago',
          hoursAgo: 3,
          words: () => ['quality', 'run', check],
        };
  return [engine.backup && backup, quality]
    .filter((command) => command !== undefined)
    .map((command) => commandDrill(command, engine, context, timeScale));
}

/** One that looks at no data: all is well with it in a store without any. */
async function cheapCheckOf(engine: Engine): Promise<string | undefined> {
  const checks = checksOf(await readContracts(platformContracts, [engine.name]), [engine]);
  return checks.find(({ cost }) => cost === 'constant')?.id;
}

function commandDrill(
  { alert, cause, hoursAgo, words }: Command,
  engine: EngineWith<'metrics'>,
  context: SuiteContext,
  timeScale: number,
): CommandDrill {
  let directory = '';
  const run = (clockOffset: string) =>
    runToExit(0, words(directory), { cwd: directory, env: { SANDBOX_CLOCK_OFFSET: clockOffset } });
  const drill: Drill = {
    about: monitoring,
    topology: 'standalone',
    alert,
    cause,
    rule: ruleOf(alertsAbout([engine.name]), alert, engine.name),
    instance: (stack) => stack.name,
    mustFire: true,
    make: async () => {
      await run(`-${hoursAgo}h`);
      return async () => {
        await run('0s');
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
          try {
            await watched[Symbol.asyncDispose]();
          } finally {
            await end();
          }
        },
      };
    } catch (thrown) {
      await end();
      throw thrown;
    }
  };
  return { drill, start };
}
