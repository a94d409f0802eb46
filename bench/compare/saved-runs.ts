import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, SandboxError } from '../../sandbox/core/errors.ts';
import { writePrivateFile } from '../../sandbox/core/files/private-files.ts';
import { schemaCheck } from '../../sandbox/core/schema-check.ts';
import { ensureStateDirectory, stateDirectory } from '../../sandbox/stack/state/state-directory.ts';
import type { BenchReport } from '../results.ts';

/** A report that was kept, and the stack it was measured on. */
export interface SavedRun {
  readonly version: 1;
  readonly name: string;
  readonly stack: { readonly directory: string; readonly name?: string };
  readonly report: BenchReport;
}

/** File of a saved run: a name stands for one in the folder's `.sandbox/bench/`, anything with a `/` for a file. */
export function savedRunFile(directory: string, name: string): string {
  if (name.includes('/')) return resolve(directory, name);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `\`${name}\` is not a valid name for a saved benchmark.`,
      next: 'Use at most 64 letters, digits, dots, hyphens and underscores, or the path of a file with a `/` in it.',
    });
  }
  return join(stateDirectory(directory), 'bench', `${name}.json`);
}

/** Replaces a run of the same name. Returns the file's path. */
export async function saveRun(directory: string, run: SavedRun): Promise<string> {
  const path = savedRunFile(directory, run.name);
  if (!run.name.includes('/')) await ensureStateDirectory(directory);
  await writePrivateFile(path, JSON.stringify(run));
  return path;
}

/** Throws `BENCH_NOT_FOUND`, and `BENCH_INVALID` where the file is none of ours. */
export async function readRun(directory: string, name: string): Promise<SavedRun> {
  const path = savedRunFile(directory, name);
  const text = await readFile(path, 'utf8').catch(async (thrown: NodeJS.ErrnoException) => {
    const there = (await readdir(dirname(path)).catch(() => []))
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length));
    throw new SandboxError({
      code: 'BENCH_NOT_FOUND',
      message: `There is no saved benchmark \`${name}\`.`,
      next:
        there.length === 0
          ? `Make one: \`npm run sandbox -- bench --save ${name}\`.`
          : `Saved are: ${there.join(', ')}.`,
      cause: thrown,
    });
  });
  return parseRun(text, path);
}

function parseRun(text: string, path: string): SavedRun {
  const invalid = (why: string) =>
    new SandboxError({
      code: 'BENCH_INVALID',
      message: `${path} is not a saved benchmark: ${why}.`,
      next: 'Make it anew with `npm run sandbox -- bench --save <name>`.',
    });
  let run: SavedRun;
  try {
    run = JSON.parse(text) as SavedRun;
  } catch (thrown) {
    throw invalid(messageOf(thrown));
  }
  if (run?.version !== 1 || run.report?.version !== 1) throw invalid('its version is not 1');
  const problem = problemOf(run);
  if (problem !== undefined) throw invalid(problem);
  return run;
}

const problemOf = schemaCheck(join(import.meta.dirname, 'saved-run.schema.json'));
