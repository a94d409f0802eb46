import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { SandboxError } from '../../core/errors.ts';
import { sha256Of } from '../../core/sha256-of.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine, EngineWith } from '../../engines/contract/engine.ts';
import { hasAll } from '../../engines/contract/lacks.ts';
import type { MigrationFile } from '../../engines/contract/schema/migrations.ts';
import { type FolderFile, filesBelow } from './files-below.ts';
import { badMigrations, filesOf, readOne } from './migration-files.ts';
import type { EngineMigrations, Migrations, Seed } from './migrations.ts';
import { compareNames } from './name-order.ts';
import { requireProgram } from './require-program.ts';

/** What a service's own schema of one engine consists of, read once: what is changed meanwhile counts at the next start. */
export interface MigrationPlan {
  readonly platformSchema: boolean;
  /** In the order in which they are applied. Empty where a command does it. */
  readonly files: readonly MigrationFile[];
  readonly command?: { readonly words: readonly string[]; readonly hash: string };
  readonly seed?: { readonly shown: string; readonly hash: string; readonly what: MigrationFile | Seed };
}

export type MigrationPlans = ReadonlyMap<string, MigrationPlan>;

/** Reads the plans of these engines. Throws `BAD_OPTION` where a folder or file is not what its engine takes, `NOT_SUPPORTED`. */
export async function readPlans(
  migrations: Migrations,
  engines: readonly Engine[],
  directory: string,
): Promise<MigrationPlans> {
  const plans = engines.map(async (engine) => {
    const own = (migrations as Readonly<Record<string, EngineMigrations | undefined>>)[engine.name];
    return own === undefined ? [] : [[engine.name, await planOf(engine, own, directory)] as const];
  });
  return new Map((await Promise.all(plans)).flat());
}

async function planOf(engine: Engine, own: EngineMigrations, directory: string): Promise<MigrationPlan> {
  if (!hasAll(engine, 'schema')) {
    throw new SandboxError({
      code: 'NOT_SUPPORTED',
      engine: engine.name,
      message: `${engine.title} takes no migrations: ${engine.lacks.schema}.`,
      next: 'Leave it out of `migrations`.',
    });
  }
  const { folder, command, seed, platformSchema = true } = own;
  if (command !== undefined) await requireProgram(engine, command, directory);
  return {
    platformSchema,
    files: folder === undefined || command !== undefined ? [] : await filesOf(engine, folder, directory),
    ...(command === undefined || folder === undefined
      ? {}
      : { command: { words: command, hash: hashOf([command, await filesBelow(resolve(directory, folder), folder)]) } }),
    ...withoutUndefined({ seed: await seedOf(engine, seed, directory) }),
  };
}

async function seedOf(
  engine: EngineWith<'schema'>,
  seed: EngineMigrations['seed'],
  directory: string,
): Promise<MigrationPlan['seed']> {
  if (seed === undefined) return undefined;
  if (typeof seed === 'function') return { shown: 'the seed', hash: sha256Of(seed.toString()), what: seed };
  const { endings } = engine.schema.migrations;
  if (!endings.includes(extname(seed)))
    throw badMigrations(engine, `${seed}: ${engine.title} takes ${endings.join(', ')}.`, 'Name such a file.');
  const file = await readOne(engine, seed, directory);
  return { shown: seed, hash: file.hash, what: file };
}

/**
 * Hash of what is configured and of every file that it names, for who wants to know whether anything has changed, without
 * loading an engine. `undefined`: nothing is configured.
 */
export async function migrationsDigest(
  migrations: Migrations,
  engines: readonly string[],
  directory: string,
): Promise<string | undefined> {
  const own = Object.entries(migrations).filter(([name, each]) => each !== undefined && engines.includes(name));
  if (own.length === 0) return undefined;
  const parts = own
    .toSorted(([one], [other]) => compareNames(one, other))
    .map(async ([name, each]) => {
      const { folder, seed, ...others } = each as EngineMigrations;
      const seedText =
        typeof seed === 'string' ? await readFile(resolve(directory, seed), 'utf8').catch(() => '') : seed?.toString();
      return [name, others, folder, folder && (await filesBelow(resolve(directory, folder), folder)), seed, seedText];
    });
  return hashOf(await Promise.all(parts));
}

function hashOf(value: readonly unknown[] | readonly FolderFile[]): string {
  return sha256Of(JSON.stringify(value));
}
