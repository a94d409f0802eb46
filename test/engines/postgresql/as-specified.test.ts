import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runAsSpecified } from '../../../sandbox/engines/postgresql/backup/as-specified.ts';
import { partsOfDatabase } from '../../../sandbox/engines/postgresql/backup/fingerprint.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { differences, supported } from '../support/backup-folder.ts';
import { databaseNames, emptyStack, rowsOf, seededStack } from '../support/postgresql/stack.ts';

// Several servers are started and restored one after the other, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 });

let stacks: readonly Stack<'postgresql'>[];
beforeAll(async () => {
  stacks = await Promise.all([seededStack(), emptyStack()]);
});
afterAll(() => Promise.all((stacks ?? []).map((stack) => stack.dispose())));

test('the commands of the specification count the same users, and the fingerprint shows what they lost', async () => {
  const [source, target] = stacks.map(({ engines }) => engines.postgresql);
  if (source === undefined || target === undefined) throw new Error('two stacks were started');
  const printed = await runAsSpecified(source, target);

  // It ends with exit code 0, and its own verification is content.
  const count = 'SELECT count(*)::int AS users FROM users';
  const [counted] = await rowsOf<{ users: number }>(target, 'taishang_users_restore', count);
  expect(await rowsOf(source, 'taishang_users', count)).toEqual([counted]);
  expect(printed).toMatch(new RegExp(`count\\s*\\n-+\\n\\s*${counted?.users}\\n`));
  expect(printed).toContain('role "taishang_user" does not exist');

  // Rows are there; rights and default privileges are not.
  const copy = { parts: await partsOfDatabase(target, 'taishang_users_restore', 'taishang_users') };
  const lost = differences({ parts: await partsOfDatabase(source, 'taishang_users') }, copy);
  expect(lost).toEqual(['taishang_users default privileges', 'taishang_users rights']);

  // Of the whole: three databases and all roles of the platform are missing.
  const found = differences(await postgresql.data.fingerprint(source), await postgresql.data.fingerprint(target));
  expect(found).toContain('roles');
  expect(found).toContain('taishang_analytics.public.daily_activity');
  expect(found).toContain('taishang_ai.public.knowledge_embeddings');
  expect(found).toContain('taishang_data.public.user_locations');
  expect(await databaseNames(target)).toEqual(['postgres', 'taishang_users_restore']);
  expect(supported(postgresql.backup).asSpecified?.description).toMatch(/counting users/);
});
