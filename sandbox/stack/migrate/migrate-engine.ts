import { SandboxError } from '../../core/errors.ts';
import { runTask, type TaskReport } from '../../core/progress.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { readSchemaGaps } from '../furnish/schema-gaps.ts';
import type { EngineUp } from '../start/bring-up-engine.ts';
import type { StackStart } from '../start/stack-start.ts';
import { type Migrated, nothingMigrated } from '../state/migrated.ts';
import type { EngineState } from '../state/stack-state.ts';
import type { StateKeeper } from '../state/state-keeper.ts';
import { differenceOf, keyOfGap, migrationDifferent, pendingOf } from './differences.ts';
import type { MigrationPlan } from './read-plans.ts';
import { runMigrationCommand } from './run-migration-command.ts';
import { withoutSecrets } from './without-secrets.ts';

/** What was made of an engine's store; `undefined`: nothing. */
export function knownMigrated(keeper: StateKeeper, engine: string): Migrated | undefined {
  return keeper.state().engines[engine]?.migrated;
}

/** Remembers what was made. What is begun makes the stack another one than an earlier start has made. */
export async function rememberMigrated(
  keeper: StateKeeper,
  engine: string,
  migrated: Migrated | undefined,
): Promise<void> {
  const { migrated: _, ...others } = keeper.state().engines[engine] as EngineState;
  const state: EngineState = migrated === undefined ? others : { ...others, migrated };
  await keeper.update({ sourceHash: undefined, engines: { ...keeper.state().engines, [engine]: state } });
}

/**
 * Refuses a store that cannot go on to what is wanted; with `reset`, empties one that has a service's own schema, or is to
 * have it. Returns whether it is as new now. Throws `MIGRATION_DIFFERENT`.
 */
export async function settleMigrated(
  { keeper, stack: { reset, migrations } }: StackStart,
  { engine, running, keep }: EngineUp,
  keepCopy: () => Promise<void>,
): Promise<boolean> {
  const plan = migrations.get(engine.name);
  const known = knownMigrated(keeper, engine.name);
  if (plan === undefined && known === undefined) return false;
  const isNew = keeper.state().unfinished.includes(engine.name);
  if (!reset || isNew) {
    const difference = isNew ? undefined : differenceOf(known, plan, { wasFurnished: keep });
    if (difference !== undefined) throw migrationDifferent(engine, difference);
    return false;
  }
  await keepCopy();
  await engine.schema?.clear(running);
  await rememberMigrated(keeper, engine.name, undefined);
  return true;
}

/**
 * Applies what is still to be applied of a service's own schema, on top of the platform's or in its place. A store that was
 * there before has been copied first, so that what fails leaves nothing. Throws `MIGRATION_FAILED`.
 */
export async function migrateEngine(
  { keeper, stack }: StackStart,
  { engine, running, signal }: EngineUp,
  plan: MigrationPlan,
  { isNew, keepCopy }: { readonly isNew: boolean; readonly keepCopy: () => Promise<void> },
): Promise<void> {
  const { platformSchema } = plan;
  const known = isNew ? undefined : knownMigrated(keeper, engine.name);
  let migrated: Migrated = { ...(known ?? nothingMigrated), platformSchema };
  const { files, command, seed } = pendingOf(known, plan);
  if (files.length === 0 && command === undefined && seed === undefined) {
    if (known === undefined) await rememberMigrated(keeper, engine.name, migrated);
    return;
  }
  await keepCopy();
  const readGaps = () => (platformSchema ? readSchemaGaps([running]) : Promise.resolve([]));
  const before = (await readGaps()).map(keyOfGap);
  await runTask(stack.progress, ['migrate', engine.name], async (report) => {
    for (const file of files) {
      signal.throwIfAborted();
      report.advance({ text: file.shown });
      await begin(file.shown);
      await clean(running, () => engine.schema?.migrations.run(running, file));
      migrated = { ...migrated, applied: [...migrated.applied, { name: file.name, hash: file.hash }] };
    }
    if (command !== undefined) {
      await begin(`\`${command.words.join(' ')}\``);
      await runCommand(command.words, report);
      migrated = { ...migrated, command: command.hash };
    }
    report.summarise(command === undefined ? `${files.length} applied` : command.words.join(' '));
  });
  const now = (await readGaps()).map(keyOfGap);
  const gaps = [...new Set([...migrated.gaps, ...now.filter((gap) => !before.includes(gap))])];
  await rememberMigrated(keeper, engine.name, { ...migrated, gaps });

  async function begin(pending: string): Promise<void> {
    await rememberMigrated(keeper, engine.name, { ...migrated, pending });
  }

  function runCommand(words: readonly string[], report: TaskReport): Promise<void> {
    return runMigrationCommand({ engine, running, words, directory: stack.identity.directory, signal }, report);
  }
}

/** What a module or a server says may have a password in it. */
export async function clean(running: RunningEngine, work: () => Promise<unknown> | undefined): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof SandboxError)) throw thrown;
    const { code, engine = running.engine, message, next } = thrown;
    throw new SandboxError({ code, engine, message: withoutSecrets(message, running.secrets), next });
  }
}
