import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { temporaryName } from '../../../sandbox/core/text/derived-names.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { partsOfDatabase } from '../../../sandbox/engines/postgresql/backup/fingerprint.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import {
  type BackupFolder,
  backupFolder,
  copyWith,
  describedAnew,
  differences,
  supported,
} from '../support/backup-folder.ts';
import { databaseNames, emptyStack, rowsOf, seededStack, withClient } from '../support/postgresql/stack.ts';

// Several servers are started and restored one after the other, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 });

const { fingerprint } = postgresql.data;
const backup = supported(postgresql.backup);
const restoreBeside = supported(backup.restoreBeside);

let sourceStack: Stack<'postgresql'>;
let targetStack: Stack<'postgresql'>;
let source: RunningEngine;
/** Stays empty: every test that fills it takes everything out again. */
let target: RunningEngine;
let folder: BackupFolder;
let manifest: BackupManifest;
let before: Fingerprint;

/** Beside what the schema has: everything else that a backup must bring back. */
const additions = `
  CREATE ROLE reporting NOLOGIN;
  COMMENT ON ROLE reporting IS 'reads; nothing else';
  GRANT reporting TO taishang_analytics_user WITH INHERIT FALSE;
  ALTER ROLE taishang_user SET statement_timeout = '55s';
  ALTER ROLE taishang_user IN DATABASE taishang_users SET work_mem = '5MB';
  ALTER DATABASE taishang_users SET lock_timeout = '9s';
  COMMENT ON DATABASE taishang_users IS 'users; and ON DATABASE taishang_users';
  CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
  COMMENT ON COLUMN orders.note IS 'free text';
  INSERT INTO orders (note) SELECT 'order ' || n FROM generate_series(1, 50) n;
  CREATE VIEW recent_orders AS SELECT * FROM orders WHERE id > 40;
  GRANT SELECT ON recent_orders TO reporting;
  SELECT lo_from_bytea(424242, 'a large object');
`;

beforeAll(async () => {
  [sourceStack, targetStack] = await Promise.all([seededStack(), emptyStack()]);
  source = sourceStack.engines.postgresql;
  target = targetStack.engines.postgresql;
  await withClient(source, 'taishang_users', (client) => client.query(additions));
  await withClient(source, 'postgres', async (client) => {
    await client.query('CREATE DATABASE "odd ""name"""');
    await client.query('CREATE TABLE noted AS SELECT 7 AS number');
  });
  folder = await backupFolder();
  before = await fingerprint(source);
  manifest = await backup.backUp(source, folder.path);
});

afterAll(async () => {
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
  await folder?.[Symbol.asyncDispose]();
});

async function emptyTarget(): Promise<void> {
  await withClient(target, 'postgres', async (client) => {
    for (const name of (await databaseNames(target)).filter((each) => each !== 'postgres')) {
      await client.query(`DROP DATABASE ${client.escapeIdentifier(name)} WITH (FORCE)`);
    }
    await client.query('DROP TABLE IF EXISTS noted');
  });
}

describe('a restore into an empty server', () => {
  test('brings back data and catalogue, goes on from there, and is refused a second time', async () => {
    try {
      await backup.restore(target, folder.path, manifest);
      expect(differences(before, await fingerprint(target))).toEqual([]);
      await backup.writeAfterwards(target);
      expect(await databaseNames(target)).toEqual(await databaseNames(source));
      const [next] = await rowsOf<{ id: string }>(
        target,
        'taishang_users',
        "INSERT INTO orders (note) VALUES ('next') RETURNING id",
      );
      expect(Number(next?.id)).toBe(51);
      // The passwords are those of the target's own stack.
      await using opened = await openPrimary(target, { database: 'taishang_users', role: 'taishang_user' });
      expect((await opened.client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);

      const held = await fingerprint(target);
      await expect(backup.restore(target, folder.path, manifest)).rejects.toMatchObject({
        code: 'RESTORE_TARGET_NOT_EMPTY',
      });
      expect(await fingerprint(target)).toEqual(held);
    } finally {
      await emptyTarget();
    }
  });

  test('removes what a killed restore has left, and takes any minor version', async () => {
    try {
      await withClient(target, 'postgres', async (client) => {
        const name = temporaryName();
        await client.query(`CREATE ROLE ${name}; COMMENT ON ROLE ${name} IS 'taishang sandbox: temporary'`);
        await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
      });
      await backup.restore(target, folder.path, { ...manifest, serverVersion: '17.99' });
      expect(differences(before, await fingerprint(target))).toEqual([]);
    } finally {
      await emptyTarget();
    }
  });

  test('leaves no database behind where it fails', async () => {
    await using copy = await copyWith(folder.path, 'globals.json', (bytes) => {
      const { roles, memberships, ...globals } = JSON.parse(String(bytes));
      const without = (role: { name?: string; role?: string }) => ![role.name, role.role].includes('reporting');
      return JSON.stringify({ ...globals, roles: roles.filter(without), memberships: memberships.filter(without) });
    });
    const changed = await describedAnew(copy.path, manifest, 'globals.json');
    await withClient(target, 'postgres', (client) => client.query('DROP ROLE IF EXISTS reporting'));
    const failed = await backup.restore(target, copy.path, changed).catch((thrown) => thrown);
    expect(failed).toMatchObject({ code: 'RESTORE_FAILED', engine: 'postgresql' });
    expect(failed.evidence).toContain('reporting');
    expect(await databaseNames(target)).toEqual(['postgres']);
  });
});

describe('a restore beside live data', () => {
  test('makes copies, replaces them the next time, and touches nothing that is live', async () => {
    const expected = (await databaseNames(source))
      .filter((name) => !name.endsWith('_restore'))
      .map((name) => `${name}_restore`);
    // Roles of the live server stay as they are, whatever the backup says of them.
    await withClient(source, 'postgres', (client) => client.query('ALTER ROLE reporting CONNECTION LIMIT 3'));
    try {
      const live = await fingerprint(source);
      expect((await restoreBeside(source, folder.path, manifest)).toSorted()).toEqual(expected.toSorted());
      expect(await fingerprint(source)).toEqual(live);
      await withClient(source, 'taishang_users_restore', (client) => client.query('DROP TABLE orders CASCADE'));
      await restoreBeside(source, folder.path, manifest);
      expect(await fingerprint(source)).toEqual(live);
      for (const name of ['taishang_users', 'taishang_ai', 'taishang_data', 'taishang_analytics', 'odd "name"']) {
        const copy = await partsOfDatabase(source, `${name}_restore`, name);
        expect({ parts: copy }).toEqual({ parts: await partsOfDatabase(source, name) });
      }
      const roles = 'SELECT rolconnlimit AS "limit" FROM pg_roles';
      expect(await rowsOf(source, 'postgres', `${roles} WHERE rolname = 'reporting'`)).toEqual([{ limit: 3 }]);
    } finally {
      await withClient(source, 'postgres', async (client) => {
        await client.query('ALTER ROLE reporting CONNECTION LIMIT -1');
        for (const name of expected) {
          await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
        }
      });
    }
  });
});

test('the files of a backup can be read by their owner alone, and hold no password of the stack', async () => {
  for (const { path } of manifest.parts) {
    expect((await stat(join(folder.path, path))).mode & 0o777).toBe(0o600);
    const text = String(await readFile(join(folder.path, path)));
    for (const secret of Object.values(source.secrets)) expect(text).not.toContain(secret);
  }
});
