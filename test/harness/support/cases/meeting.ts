import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { poll } from '../../../../sandbox/core/poll.ts';
import { postgresql as engine } from '../../../../sandbox/engines/postgresql/engine.ts';
import { test } from '../../../../sandbox/harness/vitest/test.ts';

/** Folder in which the files say how far they are: each waits until both have done what the other one must not see. */
const folder = process.env.CASES_FOLDER ?? '';
/** The control: everybody has the stack's own store. */
const isShared = process.env.CASES_SHARED === '1';

async function meet(own: string, other: string, at: string): Promise<void> {
  await writeFile(join(folder, `${own}-${at}`), '');
  await poll(() => existsSync(join(folder, `${other}-${at}`)), {
    timeoutMs: 120_000,
    onTimeout: () => new Error(`${other} never came to ${at}`),
  });
}

/** A test that takes a lock, which only one session of a database can have, while the other file takes the same one. */
export function takesLock(own: string, other: string): void {
  test(`${own} has the lock to itself`, async ({ postgresql, stack }) => {
    const running = stack.engines.get('postgresql');
    await using shared = isShared && running !== undefined ? await engine.connect(running) : undefined;
    const session = await (shared?.client ?? (await postgresql.client())).connect();
    try {
      await meet(own, other, 'begin');
      const { rows } = await session.query('select pg_try_advisory_lock(1) as mine');
      await meet(own, other, 'locked');
      expect(rows).toEqual([{ mine: true }]);
    } finally {
      session.release(true);
    }
  });
}
