import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { s3Storage } from '../../../sandbox/backup/storage/s3.ts';

import { type S3Server, startS3Server } from '../../../scenarios/backup/s3-server/s3-server.ts';
import { s3ServerTimeoutMs } from './s3-uploads.ts';
import { useKeys } from './storage-cases.ts';

/** One S3 server for the tests of a file, each of which has its keys; it is there once the first test runs. */
export interface S3OfFile {
  readonly server: S3Server;
  /** A place of its own for each test, directly or by way of a proxy. */
  readonly storageAt: (folder: string, endpoint?: string) => ReturnType<typeof s3Storage>;
  /** Fetches an archive and compares it. */
  readonly expectBack: (at: string, name: string, folder: string, content: Buffer) => Promise<void>;
}

/** Registers the hooks that start and stop the server. */
export function s3OfFile(): S3OfFile {
  let started: S3Server | undefined;
  const server = () => {
    if (started === undefined) throw new Error('the S3 server is there once the first test runs');
    return started;
  };
  beforeAll(async () => {
    started = await startS3Server();
  }, s3ServerTimeoutMs);
  beforeEach(() => useKeys(server()));
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(() => started?.[Symbol.asyncDispose]());

  const storageAt = (folder: string, endpoint = server().endpoint) =>
    s3Storage(`s3://${server().bucket}/${folder}`, { endpoint });
  return {
    get server() {
      return server();
    },
    storageAt,
    expectBack: async (at, name, folder, content) => {
      const file = join(folder, 'back.tar.gz');
      await storageAt(at).fetch(name, file, {});
      expect((await readFile(file)).equals(content)).toBe(true);
    },
  };
}
