import type { Engine } from '../../engines/contract/engine.ts';
import type { EngineUp } from '../start/bring-up-engine.ts';
import { type StackStart, volumesOf } from '../start/stack-start.ts';
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

/** Refuses a store that cannot go on to what is wanted, before anything starts. Throws `MIGRATION_DIFFERENT`. */
export function requireMigratable({ keeper, stack, before }: StackStart, engine: Engine): void {
  const { engines, unfinished, unchecked = [] } = keeper.state();
  const state = engines[engine.name];
  const isNew = state === undefined || unfinished.includes(engine.name) || volumesOf(before, engine.name).length === 0;
  if (!stack.schema || stack.reset || isNew) return;
  const plan = stack.migrations.get(engine.name);
  const wasFurnished = !unchecked.includes(engine.name);
  const difference = differenceOf(state.migrated, plan, { wasFurnished });
  if (difference !== undefined) throw migrationDifferent(engine, difference);
}

/** With `reset`, empties a store that has a service's own schema, or is to have it. Returns whether it is as new now. */
export async function emptyMigrated(
  { keeper, stack: { reset, migrations } }: StackStart,
  { engine, running }: Pick<EngineUp, 'engine' | 'running'>,
  keepCopy: () => Promise<void>,
): Promise<boolean> {
  const { engines, unfinished } = keeper.state();
  const isAbout = migrations.has(engine.name) || engines[engine.name]?.migrated !== undefined;
  if (!reset || !isAbout || unfinished.includes(engine.name)) return false;
  await keepCopy();
  await engine.schema?.clear(running);
  const { dataset: _, ...emptied } = keeper.state().engines[engine.name] as EngineState;
  await keeper.update({ engines: { ...keeper.state().engines, [engine.name]: emptied } });
  await rememberMigrated(keeper, engine.name, undefined);
  return true;
}
