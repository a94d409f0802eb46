import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { sha256Of } from '../../core/sha256-of.ts';
import type { Engine, EngineWith } from '../../engines/contract/engine.ts';
import type { MigrationFile } from '../../engines/contract/schema/migrations.ts';
import { compareNames } from './name-order.ts';

/** Endings of programs: one that the engine does not take was put there by mistake, and would be missed in silence. */
const endingsOfPrograms = [
  '.sql',
  '.cypher',
  '.cql',
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.mts',
  '.cts',
  '.py',
  '.sh',
  '.lua',
];

/** Files of a folder that an engine takes, in the order in which they are applied. Throws `BAD_OPTION`. */
export async function filesOf(
  engine: EngineWith<'schema'>,
  folder: string,
  directory: string,
): Promise<readonly MigrationFile[]> {
  const { endings } = engine.schema.migrations;
  const entries = await readdir(resolve(directory, folder), { withFileTypes: true }).catch((thrown: unknown) => {
    throw badMigrations(
      engine,
      `${folder}: the folder cannot be read: ${messageOf(thrown)}.`,
      'Look at how it is spelled.',
    );
  });
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const isTaken = (name: string) => endings.includes(extname(name));
  // In capitals they are programs too: `1.SQL`.
  const isProgram = (name: string) => endingsOfPrograms.includes(extname(name).toLowerCase());
  const other = names.find((name) => isProgram(name) && !isTaken(name));
  if (other !== undefined)
    throw badMigrations(
      engine,
      `${folder}/${other}: ${engine.title} takes ${endings.join(', ')}.`,
      'Rename it or move it elsewhere; or name the tool that reads it as `command`.',
    );
  // Where there are two of each, one of them takes back what the other one does.
  const taken = names.filter((name) => isTaken(name) && !/\.(?:down|undo)\.\w+$/.test(name));
  if (taken.length === 0)
    throw badMigrations(
      engine,
      `${folder}: there is no file that ${engine.title} takes (${endings.join(', ')}).`,
      'Put one there: folders in it are not read.',
    );
  return Promise.all(taken.toSorted(compareNames).map((name) => readOne(engine, join(folder, name), directory)));
}

/** What marks the part of a file that takes it back, in the tools that have both in one. */
const undoingPart = /^\s*--\s*(?:migrate:down|down migration|\+goose down|\+migrate down)/im;

/** One file, by its path as its user knows it. Throws `BAD_OPTION` where it cannot be read, or would not be run as it is meant. */
export async function readOne(engine: Engine, shown: string, directory: string): Promise<MigrationFile> {
  const path = resolve(directory, shown);
  const bytes = await readFile(path).catch((thrown: unknown) => {
    throw badMigrations(engine, `${shown} cannot be read: ${messageOf(thrown)}.`, 'Look at how it is spelled.');
  });
  const text = textOf(bytes);
  if (text === undefined)
    throw badMigrations(
      engine,
      `${shown} is not text in UTF-8: what of it is no character would be lost.`,
      'Save it as UTF-8; what PowerShell writes is often UTF-16.',
    );
  if (undoingPart.test(text)) {
    throw badMigrations(
      engine,
      `${shown} has a part that takes it back, which would be run too.`,
      'Name the tool that reads such files as `command`.',
    );
  }
  return { name: basename(shown), path, shown, text, hash: sha256Of(text.replaceAll('\r\n', '\n')) };
}

/**
 * Without a byte order mark. `undefined`: these bytes are no UTF-8, or have a zero in them, as English in UTF-16 does, at which
 * PostgreSQL's protocol cuts a statement off.
 */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** `BAD_OPTION` about what is configured for an engine. */
export function badMigrations(engine: Engine, message: string, next: string): SandboxError {
  return new SandboxError({ code: 'BAD_OPTION', engine: engine.name, message: `migrations: ${message}`, next });
}
