import { messageOf } from '../../core/errors.ts';
import { runTask } from '../../core/progress.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineClient } from '../../engines/index.ts';
import { migrationFailed } from '../../engines/shared/migrations/migration-failed.ts';
import type { StackStart } from '../start/stack-start.ts';
import { nothingMigrated } from '../state/migrated.ts';
import { pendingOf } from './differences.ts';
import { clean, knownMigrated, rememberMigrated } from './migrate-engine.ts';
import type { Seed } from './migrations.ts';
import type { MigrationPlan } from './read-plans.ts';
import { migrationVariables } from './run-migration-command.ts';

/** Runs the seeds that have not run yet, one engine after the other. Throws `MIGRATION_FAILED`. */
export async function seedStores(
  { keeper, stack }: StackStart,
  running: ReadonlyMap<string, RunningEngine>,
): Promise<void> {
  for (const { engine } of stack.engines) {
    const plan = stack.migrations.get(engine.name);
    const target = running.get(engine.name);
    if (plan === undefined || target === undefined) continue;
    const known = knownMigrated(keeper, engine.name) ?? nothingMigrated;
    const { seed } = pendingOf(known, plan);
    if (seed === undefined) continue;
    await rememberMigrated(keeper, engine.name, { ...known, pending: seed.shown });
    await runTask(stack.progress, ['seed', engine.name], () => clean(target, () => run(engine, target, seed)));
    await rememberMigrated(keeper, engine.name, { ...known, seed: seed.hash });
  }
}

async function run(engine: Engine, running: RunningEngine, seed: NonNullable<MigrationPlan['seed']>): Promise<void> {
  if (typeof seed.what !== 'function') {
    await engine.schema?.migrations.run(running, seed.what);
    return;
  }
  if (engine.connect === undefined) throw migrationFailed(engine.name, seed.shown, 'this engine has no client');
  await using opened = await engine.connect(running);
  const client = opened.client as EngineClient<never>;
  try {
    await (seed.what as Seed<never>)({ client, environment: migrationVariables(engine, running) });
  } catch (thrown) {
    throw migrationFailed(engine.name, seed.shown, messageOf(thrown), { cause: thrown });
  }
}
