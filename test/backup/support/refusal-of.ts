import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openBackup } from '../../../sandbox/backup/archive/open-archive.ts';
import { SandboxError } from '../../../sandbox/core/errors.ts';

/** The code that an archive is refused with; checks that nothing was unpacked, and that it stays as it was. */
export async function refusalOf(file: string, folder: string): Promise<string | undefined> {
  const temporaryDirectory = join(folder, 'unpacked');
  const before = await readFile(file).catch(() => undefined);
  const thrown = await openBackup(file, { temporaryDirectory }).then(
    async (opened) => opened[Symbol.asyncDispose](),
    (error: unknown) => error,
  );
  expect(await readdir(temporaryDirectory).catch(() => [])).toEqual([]);
  expect(before?.equals(await readFile(file)) ?? true).toBe(true);
  if (thrown !== undefined && !(thrown instanceof SandboxError)) throw thrown;
  return thrown?.code;
}
