import { SandboxError } from '../../core/errors.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import type { EngineClient } from '../../engines/index.ts';

/** A service's own schema in one engine. At least one of its members says something. */
export interface EngineMigrations<Name extends EngineName = EngineName> {
  /**
   * Folder of files, applied in the order of their names, in which numbers count as numbers; with `command`, what that reads.
   * Relative to the folder of the stack. PostgreSQL takes `.sql`, Neo4j `.cypher`, the others `.js`.
   */
  readonly folder?: string;
  /** Program and arguments, run without a shell in the folder of the stack, with the connection in its environment. */
  readonly command?: readonly string[];
  /** Whether the platform's schema and data are there too. Default: true; `false`: the service's own takes their place. */
  readonly platformSchema?: boolean;
  /** What runs once after them, and after the data: a file as those of `folder`, or a function. */
  readonly seed?: string | Seed<Name>;
}

/** Is handed the application's own client, and the variables that a command gets. */
export type Seed<Name extends EngineName = EngineName> = (store: {
  readonly client: EngineClient<Name>;
  readonly environment: Readonly<Record<string, string>>;
}) => Promise<unknown>;

/** A service's own schemas, by engine. Of an engine that a stack does not have they say nothing. */
export type Migrations = { readonly [Each in EngineName]?: EngineMigrations<Each> };

const keys = ['folder', 'command', 'platformSchema', 'seed'] as const;

/** What somebody wrote, as far as it can be judged without looking into a folder. Throws `BAD_OPTION`, `UNKNOWN_ENGINE`. */
export function checkMigrations(given: unknown, source: string): Migrations {
  if (!isMapping(given)) throw bad(`${source}: a mapping by engine is expected here.`, example);
  for (const [engine, value] of Object.entries(given)) {
    if (!engineNames.some((name) => name === engine)) {
      throw new SandboxError({
        code: 'UNKNOWN_ENGINE',
        message: `${source}: there is no engine \`${engine}\`.`,
        next: `Use one of: ${engineNames.join(', ')}.`,
      });
    }
    if (value !== undefined) checkOne(value, `${source}.${engine}`);
  }
  return given as Migrations;
}

function checkOne(value: unknown, source: string): void {
  if (!isMapping(value)) throw bad(`${source}: a mapping is expected here.`, example);
  const unknownKey = Object.keys(value).find((key) => !keys.some((known) => known === key));
  if (unknownKey !== undefined) throw bad(`${source}: there is no \`${unknownKey}\`.`, `Use: ${keys.join(', ')}.`);
  const { folder, command, platformSchema, seed } = value;
  if (folder !== undefined && !isText(folder)) throw bad(`${source}.folder: a path is expected here.`, example);
  if (command !== undefined && !(Array.isArray(command) && command.length > 0 && command.every(isText))) {
    throw bad(
      `${source}.command: a list of words is expected here, which is run without a shell.`,
      'Write `[npx, knex, migrate:latest]`.',
    );
  }
  if (command !== undefined && folder === undefined) {
    throw bad(
      `${source}: a command needs the folder that it reads: a change there makes it run again.`,
      'Name it: `folder: db/migrations`.',
    );
  }
  if (platformSchema !== undefined && typeof platformSchema !== 'boolean')
    throw bad(`${source}.platformSchema: true or false is expected here.`, example);
  if (seed !== undefined && !isText(seed) && typeof seed !== 'function')
    throw bad(`${source}.seed: a path is expected here, or in code a function.`, example);
  if (folder === undefined && seed === undefined && platformSchema !== false)
    throw bad(`${source}: it names neither a folder nor a seed.`, example);
}

const example = 'Write for example `postgresql: {folder: db/migrations}`.';

function bad(message: string, next: string): SandboxError {
  return new SandboxError({ code: 'BAD_OPTION', message, next });
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && !value.includes('\0');
}
