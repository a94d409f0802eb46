import { SandboxError } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { nameOfGap, type SchemaGap } from '../../engines/contract/schema/schema-gap.ts';
import type { Migrated } from '../state/migrated.ts';
import type { StackState } from '../state/stack-state.ts';
import { compareNames } from './name-order.ts';
import type { MigrationPlan } from './read-plans.ts';

/** Whether an engine of a stack has the platform's schema, by its state. */
export function hasPlatformSchema(state: Pick<StackState, 'engines'>, engine: string): boolean {
  return state.engines[engine]?.migrated?.platformSchema !== false;
}

/** Without what a service's own migrations have made otherwise. */
export function withoutMigrated<Gap extends SchemaGap & { readonly engine: string }>(
  gaps: readonly Gap[],
  state: Pick<StackState, 'engines'>,
): readonly Gap[] {
  return gaps.filter((gap) => !state.engines[gap.engine]?.migrated?.gaps.includes(keyOfGap(gap)));
}

/** One that goes on to change is another one. */
export function keyOfGap(gap: SchemaGap): string {
  return `${nameOfGap(gap)} is ${gap.what}${gap.there === undefined ? '' : `: ${gap.there}`}`;
}

/**
 * Why a store cannot go on to what is wanted from what was made of it, as the end of a sentence; `undefined` where it can.
 * `wasFurnished`: an earlier start has got as far as it was to.
 */
export function differenceOf(
  known: Migrated | undefined,
  plan: MigrationPlan | undefined,
  { wasFurnished }: { readonly wasFurnished: boolean },
): string | undefined {
  if (known?.pending !== undefined) return `${known.pending} was begun and not finished`;
  const wantsPlatform = plan?.platformSchema ?? true;
  if (wantsPlatform !== (known?.platformSchema ?? true) && (known !== undefined || wasFurnished))
    return wantsPlatform ? "it was made without the platform's schema" : "it has the platform's schema";
  if (plan === undefined || known === undefined) return undefined;
  if (known.restored) return 'its data came from a backup that does not say which migrations it has';
  if (known.command !== undefined && plan.command === undefined) return 'a command has migrated it';
  if (known.applied.length > 0 && plan.command !== undefined) return 'its files were applied one by one, by no command';
  return differenceOfFiles(known.applied, plan) ?? differenceOfSeed(known.seed, plan);
}

function differenceOfFiles(applied: Migrated['applied'], { files }: MigrationPlan): string | undefined {
  for (const { name, hash } of applied) {
    const file = files.find((each) => each.name === name);
    if (file === undefined) return `${name} was applied and is gone`;
    if (file.hash !== hash) return `${file.shown} has changed since it was applied`;
  }
  const last = applied.at(-1);
  const early = files.find(
    ({ name }) =>
      last !== undefined && compareNames(name, last.name) < 0 && !applied.some((each) => each.name === name),
  );
  return early === undefined ? undefined : `${early.shown} comes before ${last?.name}, which was applied`;
}

function differenceOfSeed(known: string | undefined, { seed }: MigrationPlan): string | undefined {
  if (known === undefined || seed?.hash === known) return undefined;
  return seed === undefined ? 'the seed was run and is gone' : `${seed.shown} has changed since it was run`;
}

export function migrationDifferent({ name, title }: Pick<Engine, 'name' | 'title'>, difference: string): SandboxError {
  return new SandboxError({
    code: 'MIGRATION_DIFFERENT',
    engine: name,
    message: `${title} cannot be migrated from what it holds: ${difference}.`,
    next: 'Nothing was changed. Put `migrations` back as they were, or make it anew: `npm run sandbox -- up --reset`, which DELETES what it holds; `npm run sandbox -- backup` keeps a copy first. `npm run sandbox -- start` starts it as it is.',
  });
}

/** What of a plan is still to be done. */
export type PendingMigrations = Pick<MigrationPlan, 'files' | 'command' | 'seed'>;

/** `undefined`: nothing. */
export function pendingOf(known: Migrated | undefined, plan: MigrationPlan): PendingMigrations | undefined {
  const applied = new Set(known?.applied.map(({ name }) => name));
  const files = plan.files.filter(({ name }) => !applied.has(name));
  const command = plan.command?.hash === known?.command ? undefined : plan.command;
  const seed = known?.seed === undefined ? plan.seed : undefined;
  if (files.length === 0 && command === undefined && seed === undefined) return undefined;
  return { files, ...withoutUndefined({ command, seed }) };
}
