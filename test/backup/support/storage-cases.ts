import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { vi } from 'vitest';
import { SandboxError } from '../../../sandbox/core/errors.ts';
import type { S3Server } from '../../../scenarios/backup/s3-server/s3-server.ts';

let seconds = 0;

/** A name that no other test of this process uses. */
export function freshName(): string {
  seconds += 1;
  const time = new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();
  return `taishang-backup-${time.slice(0, 10).replaceAll('-', '')}_${time.slice(11, 19).replaceAll(':', '')}.tar.gz`;
}

/** Writes what cannot be compressed, and returns it with its file. */
export async function randomFile(folder: string, sizeBytes: number) {
  const content = randomBytes(sizeBytes);
  const path = join(folder, 'archive.tar.gz');
  await writeFile(path, content);
  return { path, content };
}

/** Gives keys to the SDK the usual way. */
export function useKeys({ accessKeyId, secretAccessKey }: Pick<S3Server, 'accessKeyId' | 'secretAccessKey'>): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
}

/** The error that something ends with. */
export async function errorOf(work: Promise<unknown>): Promise<SandboxError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof SandboxError)) throw new Error(`expected a SandboxError, got ${inspect(thrown)}`);
  return thrown;
}
