import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeFile, NodeSpec } from '../../containers/node-spec.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { RunningEngine, Secrets, Topology } from '../topology.ts';
import { openPrimary } from './connection.ts';
import { setSynchronousStandbys, slotName } from './replication.ts';
import { scramVerifier } from './scram.ts';

/** User of the server in the official image and in ours. */
const postgresUser = 999;

const standbyNames = ['postgresql-standby-1', 'postgresql-standby-2'] as const;

const createSlots = standbyNames
  .map((name) => `SELECT pg_create_physical_replication_slot('${slotName(name)}');\n`)
  .join('');

const fileOf = (folder: string, name: string) => readFileSync(join(import.meta.dirname, folder, name), 'utf8');

function server(name: string, role: string, secrets: Secrets, files: readonly NodeFile[] = []): NodeSpec {
  return {
    name,
    role,
    ports: [5432],
    environment: {
      PGDATA: '/var/lib/postgresql/data',
      POSTGRES_PASSWORD_FILE: '/run/taishang/superuser-verifier',
      POSTGRES_INITDB_ARGS: '--data-checksums --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8',
    },
    command: [
      'postgres',
      ...['config_file=/run/taishang/postgresql.conf', 'hba_file=/run/taishang/pg_hba.conf'].flatMap((setting) => [
        '-c',
        setting,
      ]),
    ],
    files: [
      { path: '/run/taishang/postgresql.conf', content: fileOf('schema', 'postgresql.conf') },
      { path: '/run/taishang/pg_hba.conf', content: fileOf('schema', 'pg_hba.conf') },
      { path: '/run/taishang/archive-segment.sh', content: fileOf('scripts', 'archive-segment.sh') },
      // Either image puts what is in this file into the environment of the processes that initialise, and the official
      // one into the server's own, for ever (`docker-entrypoint.sh`, `file_env`): a verifier logs nobody in.
      {
        path: '/run/taishang/superuser-verifier',
        content: scramVerifier(secrets.postgres ?? ''),
        mode: 0o400,
        owner: postgresUser,
      },
      ...files,
    ],
    volumes: [
      { name: 'data', path: '/var/lib/postgresql/data' },
      // The log that physical backups go on from; empty until there is one.
      { name: 'archive', path: '/var/lib/postgresql/archive' },
    ],
    sharedMemoryBytes: 128 * 2 ** 20,
  };
}

function standby(name: string, secrets: Secrets): NodeSpec {
  const base = server(name, 'standby', secrets, [
    { path: '/run/taishang/start-standby.sh', content: fileOf('scripts', 'start-standby.sh'), mode: 0o755 },
    passfile(secrets),
  ]);
  return {
    ...base,
    entrypoint: ['/bin/bash', '/run/taishang/start-standby.sh', name],
    after: ['postgresql'],
  };
}

/** With which a standby logs in at its primary; an old primary becomes one. */
function passfile(secrets: Secrets): NodeFile {
  return {
    path: '/run/taishang/passfile',
    content: `*:*:*:replicator:${secrets.replicator}\n`,
    mode: 0o600,
    owner: postgresUser,
  };
}

export const standalone: Topology = {
  name: 'standalone',
  nodes: ({ secrets }) => [server('postgresql', 'single', secrets)],
};

/** A primary and two standbys; a commit waits until one of them, whichever is faster, has it on disk. */
export const replicated: Topology = {
  name: 'replicated',
  nodes: ({ secrets }) => [
    // The standbys log in before there is a schema: their role is made when the primary's data is.
    server('postgresql', 'primary', secrets, [
      {
        path: '/docker-entrypoint-initdb.d/replicator.sql',
        content: `CREATE ROLE replicator LOGIN REPLICATION PASSWORD '${scramVerifier(secrets.replicator ?? '')}';\n${createSlots}`,
        mode: 0o400,
        owner: postgresUser,
      },
      passfile(secrets),
    ]),
    ...standbyNames.map((name) => standby(name, secrets)),
  ],
  form: waitForStandbys,
};

async function waitForStandbys(running: RunningEngine): Promise<void> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  await setSynchronousStandbys(opened.client, standbyNames);
  await poll(
    async () => {
      const { rows } = await opened.client.query<{ count: string }>(
        "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum'",
      );
      return Number(rows[0]?.count) === standbyNames.length;
    },
    {
      timeoutMs: deadlineMs('topologyConverged'),
      onTimeout: () =>
        new SandboxError({
          code: 'NODE_NOT_READY',
          engine: 'postgresql',
          message: 'The standbys run but do not stream from the primary as quorum members.',
          next: '`npm run sandbox -- logs postgresql` shows what they say.',
        }),
    },
  );
}
