import type { EngineUp } from '../start/bring-up-engine.ts';
import type { StackStart } from '../start/stack-start.ts';
import type { Migrated } from '../state/migrated.ts';
import type { EngineState } from '../state/stack-state.ts';
import type { StateKeeper } from '../state/state-keeper.ts';
import { differenceOf, migrationDifferent } from './differences.ts';

/** Remembers what was made of a store. What is begun makes the stack another one than an earlier start has made. */
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
 * Refuses a store that cannot go on to what is wanted, before anything of it is touched; with `reset`, empties one that has a
 * service's own schema, or is to have it. Returns whether it is as new now. Throws `MIGRATION_DIFFERENT`.
 */
export async function settleMigrated(
  { keeper, stack: { reset, migrations } }: StackStart,
  { engine, running, keep }: EngineUp,
  keepCopy: () => Promise<void>,
): Promise<boolean> {
  const plan = migrations.get(engine.name);
  const { engines, unfinished } = keeper.state();
  const known = engines[engine.name]?.migrated;
  if ((plan === undefined && known === undefined) || unfinished.includes(engine.name)) return false;
  if (!reset) {
    const difference = differenceOf(known, plan, { wasFurnished: keep });
    if (difference !== undefined) throw migrationDifferent(engine, difference);
    return false;
  }
  await keepCopy();
  await engine.schema?.clear(running);
  const { dataset: _, ...emptied } = keeper.state().engines[engine.name] as EngineState;
  await keeper.update({ engines: { ...keeper.state().engines, [engine.name]: emptied } });
  await rememberMigrated(keeper, engine.name, undefined);
  return true;
}
