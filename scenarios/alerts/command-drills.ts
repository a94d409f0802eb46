import { join } from 'node:path';
import type { Heal } from '../../sandbox/engines/contract/alert-drills.ts';
import type { Engine, EngineWith } from '../../sandbox/engines/contract/engine.ts';
import type { QualityDefect } from '../../sandbox/engines/contract/quality.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { alertsAbout } from '../../sandbox/monitoring/prometheus-files.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { runToExit } from '../backup/whole-platform/command.ts';
import type { SuiteContext } from '../suite-context.ts';
import { startForCommands } from './command-stack.ts';
import { type Drill, ruleOf } from './drills.ts';
import { monitoring } from './monitoring-drills.ts';
import type { WatchedStack } from './watched-stack.ts';

/** A drill on a stack that commands find: what they publish is what the alert is about. */
export interface CommandDrill {
  readonly drill: Drill;
  readonly start: () => Promise<WatchedStack>;
}

/** Where commands of a drill run, and on what. */
interface CommandPlace {
  readonly directory: string;
  readonly running: RunningEngine;
}

/** A cause that commands make, and what heals it. */
interface CommandCause {
  readonly alert: string;
  readonly cause: string;
  readonly make: (place: CommandPlace) => Promise<Heal>;
}

/** What backups and quality checks publish, as far as the engine has them. */
export async function commandDrills(
  engine: EngineWith<'metrics'>,
  context: SuiteContext,
  timeScale: number,
): Promise<readonly CommandDrill[]> {
  const check = engine.quality === undefined ? undefined : await cheapCheckOf(engine);
  return [
    ...(engine.backup === undefined ? [] : [backupTooOld]),
    ...(check === undefined ? [] : [checkSilent(check)]),
    ...(engine.quality?.defect === undefined ? [] : [checkFailed(engine.quality.defect)]),
  ].map((cause) => commandDrill(cause, engine, context, timeScale));
}

const backupTooOld: CommandCause = {
  alert: 'BackupTooOld',
  // An hour more than is allowed.
  ...lastRun('the last backup is 27 hours old', '-27h', (directory) => [
    ...['backup', '--to', join(directory, 'archives'), '--retention', 'none'],
  ]),
};

function checkSilent(check: string): CommandCause {
  return {
    alert: 'QualityCheckSilent',
    ...lastRun('a check was last decided three hours ago', '-3h', () => ['quality', 'run', check]),
  };
}

/** A run of another time, which one of now heals. */
function lastRun(cause: string, clockOffset: string, words: (directory: string) => readonly string[]) {
  const run = async (directory: string, offset: string) => {
    await runToExit(0, words(directory), { cwd: directory, env: { SANDBOX_CLOCK_OFFSET: offset } });
  };
  return {
    cause,
    make: async ({ directory }: CommandPlace) => {
      await run(directory, clockOffset);
      return () => run(directory, '0s');
    },
  };
}

/** The check finds what was planted, and once that is gone nothing. */
function checkFailed({ check, cause, plant }: QualityDefect): CommandCause {
  return {
    alert: 'QualityCheckFailed',
    cause,
    make: async ({ directory, running }) => {
      const takeAway = await plant(running);
      await runToExit(1, ['quality', 'run', check], { cwd: directory });
      return async () => {
        await takeAway();
        await runToExit(0, ['quality', 'run', check], { cwd: directory });
      };
    },
  };
}

/** One that looks at no data: all is well with it in a store without any. */
async function cheapCheckOf(engine: Engine): Promise<string | undefined> {
  const checks = checksOf(await readContracts(platformContracts, [engine.name]), [engine]);
  return checks.find(({ cost }) => cost === 'constant')?.id;
}

function commandDrill(
  { alert, cause, make }: CommandCause,
  engine: EngineWith<'metrics'>,
  context: SuiteContext,
  timeScale: number,
): CommandDrill {
  let directory = '';
  const drill: Drill = {
    about: monitoring,
    topology: 'standalone',
    alert,
    cause,
    rule: ruleOf(alertsAbout([engine.name]), alert, engine.name),
    instance: (stack) => stack.name,
    mustFire: true,
    make: ({ stack }) => make({ directory, running: stack.engines[engine.name] }),
  };
  const start = async () => {
    const started = await startForCommands(engine.name, context, timeScale);
    directory = started.directory;
    return started.watched;
  };
  return { drill, start };
}
