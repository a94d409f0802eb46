import { messageOf, SandboxError } from '../../core/errors.ts';
import { runTask, type TaskReport } from '../../core/progress.ts';
import { unlessAborted } from '../../core/within.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { MigrationFile } from '../../engines/contract/schema/migrations.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineClient } from '../../engines/index.ts';
import { migrationFailed } from '../../engines/shared/migrations/migration-failed.ts';
import { readSchemaGaps } from '../furnish/schema-gaps.ts';
import type { StackStart } from '../start/stack-start.ts';
import { type Migrated, nothingMigrated } from '../state/migrated.ts';
import { withConsoleShown } from './console-shown.ts';
import { keyOfGap, type PendingMigrations, pendingOf } from './differences.ts';
import { rememberMigrated } from './known-store.ts';
import { isOverdue, migrationSignal, overdueReason } from './migration-bounds.ts';
import type { Seed } from './migrations.ts';
import { migrationVariables, runMigrationCommand } from './run-migration-command.ts';
import { withoutSecrets } from './without-secrets.ts';

/** A store that is about to be migrated. */
interface Migrating {
  readonly engine: Engine;
  readonly running: RunningEngine;
  /** What was made of it so far, as it is remembered. */
  migrated: Migrated;
}

/**
 * Applies what is still to be applied of a service's own schemas, one engine after the other, then the seeds that have not run.
 * `keepCopy` is asked for a copy of each store before it is changed. Each step is remembered when it is begun, and again when
 * it is done. Throws `MIGRATION_FAILED`.
 */
export async function migrateStores(
  start: StackStart,
  running: ReadonlyMap<string, RunningEngine>,
  keepCopy: (engine: Engine) => Promise<void>,
): Promise<void> {
  const { keeper, stack, recorder } = start;
  const seeding: (() => Promise<void>)[] = [];
  for (const { engine } of stack.engines) {
    const plan = stack.migrations.get(engine.name);
    const target = running.get(engine.name);
    if (plan === undefined || target === undefined) continue;
    const known = keeper.state().engines[engine.name]?.migrated;
    const pending = pendingOf(known, plan);
    const migrated = { ...(known ?? nothingMigrated), platformSchema: plan.platformSchema };
    const store: Migrating = { engine, running: target, migrated };
    if (known === undefined) await rememberMigrated(keeper, engine.name, migrated);
    if (pending === undefined) continue;
    await keepCopy(engine);
    await recorder.step(`migrate ${engine.name}`, [], () => applyPending(start, store, pending));
    const { seed } = pending;
    if (seed !== undefined)
      seeding.push(() => step(start, store, seed.shown, { seed: seed.hash }, () => runSeed(start, store, seed)));
  }
  for (const seed of seeding) await seed();
}

/** What of the platform's schema is otherwise afterwards is their doing, and no gap. */
async function applyPending(start: StackStart, store: Migrating, pending: PendingMigrations): Promise<void> {
  const { engine, running } = store;
  const { files, command } = pending;
  if (files.length === 0 && command === undefined) return;
  const readGaps = async () => (store.migrated.platformSchema ? await readSchemaGaps([running]) : []).map(keyOfGap);
  const before = await readGaps();
  await engine.schema?.migrations.prepare?.(running);
  await runTask(start.stack.progress, ['migrate', engine.name], async (report) => {
    for (const file of files) {
      report.advance({ text: file.shown });
      const applied = [...store.migrated.applied, { name: file.name, hash: file.hash }];
      await step(start, store, file.shown, { applied }, () => runFile(start, store, file));
    }
    if (command !== undefined) await runCommand(start, store, command, report);
    report.summarise(command === undefined ? `${files.length} applied` : command.words.join(' '));
  });
  const made = (await readGaps()).filter((gap) => !before.includes(gap));
  store.migrated = { ...store.migrated, gaps: [...new Set([...store.migrated.gaps, ...made])] };
  await rememberMigrated(start.keeper, engine.name, store.migrated);
}

function runCommand(
  start: StackStart,
  store: Migrating,
  { words, hash }: NonNullable<PendingMigrations['command']>,
  report: TaskReport,
): Promise<void> {
  const { directory } = start.stack.identity;
  return step(start, store, `\`${words.join(' ')}\``, { command: hash }, (signal) =>
    runMigrationCommand({ ...store, words, directory, signal }, report),
  );
}

/** One step, remembered as begun, and with what it has made once it is done. */
async function step(
  { keeper, stack: { signal } }: StackStart,
  store: Migrating,
  pending: string,
  made: Partial<Migrated>,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  signal.throwIfAborted();
  await rememberMigrated(keeper, store.engine.name, { ...store.migrated, pending });
  const bound = migrationSignal(signal);
  // What cannot be ended is left to itself: nothing of its store is kept.
  await unlessAborted(work(bound), bound).catch((thrown: unknown) => {
    if (thrown === bound.reason && isOverdue(bound)) throw migrationFailed(store.engine.name, pending, overdueReason());
    throw clean(thrown, store.running);
  });
  store.migrated = { ...store.migrated, ...made };
  await rememberMigrated(keeper, store.engine.name, store.migrated);
}

/** What a module or a server says may have a password in it. */
function clean(thrown: unknown, { secrets }: RunningEngine): unknown {
  if (!(thrown instanceof SandboxError)) return thrown;
  const { code, engine, message, next, evidence } = thrown;
  const shown = evidence === undefined ? undefined : withoutSecrets(evidence, secrets);
  return new SandboxError({
    code,
    message: withoutSecrets(message, secrets),
    next,
    ...withoutUndefined({ engine, evidence: shown }),
  });
}

async function runFile(
  { stack: { progress } }: StackStart,
  { engine, running }: Migrating,
  file: MigrationFile,
): Promise<void> {
  await withConsoleShown(progress, running.secrets, async () => engine.schema?.migrations.run(running, file));
}

async function runSeed(
  start: StackStart,
  store: Migrating,
  { shown, what }: NonNullable<PendingMigrations['seed']>,
): Promise<void> {
  const { engine, running } = store;
  if (typeof what !== 'function') return runFile(start, store, what);
  if (engine.connect === undefined) throw migrationFailed(engine.name, shown, 'this engine has no client');
  await using opened = await engine.connect(running);
  const client = opened.client as EngineClient<never>;
  try {
    await (what as Seed<never>)({ client, environment: migrationVariables(engine, running) });
  } catch (thrown) {
    throw migrationFailed(engine.name, shown, messageOf(thrown), { cause: thrown });
  }
}
