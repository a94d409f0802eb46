import { resolve } from 'node:path';
import { callersEnvironment } from '../../core/process/callers-environment.ts';
import { isProgram, programFolders, programIn } from '../../core/process/program-path.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { badMigrations } from './migration-files.ts';

/** Refuses a command whose program cannot be run, before stores are started for it. Throws `BAD_OPTION`. */
export async function requireProgram(engine: Engine, words: readonly string[], directory: string): Promise<void> {
  const [program = ''] = words;
  // A path counts from the folder that the command runs in, and so do those of PATH.
  const isPath = program.includes('/');
  const folders = programFolders(callersEnvironment(process.env)).map((folder) => resolve(directory, folder));
  const isThere = isPath
    ? await isProgram(resolve(directory, program))
    : (await programIn(folders, program)) !== undefined;
  // Windows finds programs by endings of its own.
  if (isThere || process.platform === 'win32') return;
  const shown = `command: \`${program}\``;
  if (/\s/.test(program)) {
    const split = program.trim().split(/\s+/).join(', ');
    throw badMigrations(engine, `${shown} is the name of no program.`, `Write each word by itself: \`[${split}]\`.`);
  }
  throw isPath
    ? badMigrations(engine, `${shown} is no file that may be executed.`, 'Look at how it is spelled, and at its mode.')
    : badMigrations(
        engine,
        `${shown} is in no folder of PATH.`,
        `Look at how it is spelled. What the project has installed is run by npx: \`[${['npx', ...words].join(', ')}]\`.`,
      );
}
