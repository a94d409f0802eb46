import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';

/** Data folder of the run's stacks, of the process that runs all tests. */
export const dataHome = join(tmpdir(), `taishang-tests-${process.pid}`);

/** Where the passwords, the state and the backups are of a project's stack. */
export function dataOf(directory: string, name = stackIdentity({ directory }).name): string {
  return join(process.env.XDG_DATA_HOME ?? '', 'taishang-sandbox', 'stacks', name);
}

export async function setup(): Promise<void> {
  await mkdir(dataHome, { recursive: true, mode: 0o700 });
}

export async function teardown(): Promise<void> {
  await rm(dataHome, { recursive: true, force: true });
}
