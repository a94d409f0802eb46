import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import type { DiscardReport } from '../../sandbox/backup/restore/discard-restores.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { withClient } from '../../sandbox/engines/mongodb/server/connection.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { openClient } from '../../sandbox/engines/qdrant/server/connection.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { restoresBeside } from '../../sandbox/stack/replace/restore-stacks.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

const engines = ['postgresql', 'mongodb', 'redis', 'qdrant'] as const;

let folder: StackFolder;
const here = () => ({ cwd: folder.path });
const running = new Map<string, RunningEngine>();
const of = (engine: (typeof engines)[number]) => running.get(engine) as RunningEngine;

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(['up', '--engines', engines.join(','), '--size', 'none'], here());
  for (const [name, engine] of (await attachStack({ directory: folder.path })).engines) running.set(name, engine);
});
afterAll(async () => {
  if (folder === undefined) return;
  for (const { name } of await restoresBeside(stackIdentity({ directory: folder.path }))) {
    await folder.run('down', '-v', '--name', name);
  }
  await folder[Symbol.asyncDispose]();
});

async function query(text: string): Promise<readonly Record<string, unknown>[]> {
  await using opened = await openPrimary(of('postgresql'), { database: 'postgres' });
  return (await opened.client.query(text)).rows;
}

/** All names of databases and collections. */
async function names() {
  const [databases, documents, collections] = await Promise.all([
    query('SELECT datname FROM pg_database ORDER BY 1'),
    withClient(of('mongodb'), async (_, client) => (await client.db().admin().listDatabases()).databases),
    openClient(of('qdrant')).getCollections(),
  ]);
  return {
    postgresql: databases.map(({ datname }) => String(datname)),
    mongodb: documents.map(({ name }) => name).toSorted(),
    qdrant: collections.collections.map(({ name }) => name).toSorted(),
  };
}

/** What its user made, under names that a restore gives too. */
async function makeNamesakes() {
  await query('CREATE DATABASE mine_restore');
  await withClient(of('mongodb'), (_, client) => client.db('mine_restore').collection('c').insertOne({ mine: true }));
  await openClient(of('qdrant')).createCollection('mine_restore', { vectors: { size: 2, distance: 'Dot' } });
}

test('what restores beside have left goes, and nothing that is its user’s, or has become so', {
  timeout: 300_000,
}, async () => {
  const { archive } = await runForDocument<BackupReport>(['backup'], here());
  await makeNamesakes();
  const before = await names();
  const restore = ['restore', join(archive.location, archive.name)];
  const { restoreStack, engines: restored } = await runForDocument<RestoreReport>(restore, here());
  const copies = restored.flatMap(({ place, names: made }) => (place === 'beside' ? made : []));
  expect(await names()).not.toEqual(before);
  // A copy that its user has taken over.
  const [taken, ...others] = restored.find(({ engine }) => engine === 'postgresql')?.names ?? [];
  await query(`ALTER DATABASE "${taken}" RENAME TO taken_over`);

  const only = await runForDocument<DiscardReport>(['restore', '--discard', '--engines', 'postgresql'], here());
  expect(only).toMatchObject({ engines: [{ engine: 'postgresql', names: others }], stacks: [], notRunning: [] });
  const rest = await runForDocument<DiscardReport>(['restore', '--discard'], here());
  expect(rest.stacks).toEqual([restoreStack?.name]);
  const gone = [...only.engines, ...rest.engines].flatMap((each) => each.names);
  expect(gone.toSorted()).toEqual(copies.filter((name) => name !== taken).toSorted());
  const postgresql = [...before.postgresql, 'taken_over'].toSorted();
  expect(await names()).toEqual({ ...before, postgresql });
  expect(await restoresBeside(stackIdentity({ directory: folder.path }))).toEqual([]);

  const nothing = await runForDocument<DiscardReport>(['restore', '--discard'], here());
  expect(nothing.engines.flatMap((each) => each.names)).toEqual([]);
});

test.each([['archive.tar.gz'], ['--into', 'replace'], ['--yes'], ['--trust-archive'], ['--to', '2026-11-29 10:00Z']])(
  'with %s it is refused before anything is looked at',
  async (...words) => {
    expect(await runForError(['restore', '--discard', ...words], here())).toMatchObject({
      exitCode: 2,
      code: 'BAD_OPTION',
    });
  },
);
