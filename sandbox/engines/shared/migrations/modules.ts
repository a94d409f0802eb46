import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../../core/errors.ts';
import type { MigrationFile, MigrationFiles } from '../../contract/schema/migrations.ts';
import type { Connection, RunningEngine } from '../../contract/topology.ts';
import { migrationFailed } from './migration-failed.ts';

/**
 * Files of JavaScript, each a module with a function `up` or one as its default export, as migrate-mongo has them. It is
 * called with what `argumentsOf` makes of the driver's client, and waited for.
 */
export function moduleMigrations<Client>(
  connect: (running: RunningEngine) => Promise<Connection<Client>>,
  argumentsOf: (client: Client) => readonly unknown[] = (client) => [client],
): MigrationFiles {
  return {
    endings: ['.js', '.mjs', '.cjs'],
    async run(running, file) {
      const up = await functionOf(running.engine, file);
      await using opened = await connect(running);
      await inModule(running.engine, file, async () => up(...argumentsOf(opened.client)));
    },
  };
}

type Up = (...values: readonly unknown[]) => unknown;

async function functionOf(engine: string, file: MigrationFile): Promise<Up> {
  // A process that runs for long, as a watching test runner, takes a file that has changed as a new one.
  delete createRequire(import.meta.url).cache[file.path];
  const url = `${pathToFileURL(file.path).href}?${file.hash.slice(0, 12)}`;
  const module = (await inModule(engine, file, () => import(url))) as Record<string, unknown>;
  const exported = module.default as { readonly up?: unknown } | undefined;
  const found = [module.up, exported?.up, exported].find((each): each is Up => typeof each === 'function');
  if (found !== undefined) return found;
  throw migrationFailed(
    engine,
    file.shown,
    'it exports no function `up`, and none as its default. A file is a module of Node.js, and no script of a shell.',
  );
}

async function inModule<Value>(engine: string, file: MigrationFile, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    const line = lineIn(file, thrown);
    throw migrationFailed(engine, `${file.shown}${line === undefined ? '' : `:${line}`}`, messageOf(thrown), {
      cause: thrown,
    });
  }
}

/**
 * V8 names the place of each call, of ESM as an address and of CommonJS as a path: `at up (file:///.../001.js?hash:3:5)`; of a
 * syntax error on the first line.
 */
function lineIn({ path }: MigrationFile, thrown: unknown): string | undefined {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const names = [basename(path), encodeURI(basename(path))];
  const places = stack.split('\n').flatMap((line) =>
    names.flatMap((name) => {
      const [, after] = line.split(`/${name}`);
      return /^(?:\?\w+)?:(\d+)/.exec(after ?? '')?.[1] ?? [];
    }),
  );
  return places[0];
}
