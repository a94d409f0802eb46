import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeFile, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import type { Secrets } from '../../contract/topology.ts';
import { scramVerifier } from './scram.ts';

/** User of the server in the official image and in ours. */
export const postgresUser = 999;

const fileOf = (folder: string, name: string) => readFileSync(join(import.meta.dirname, '..', folder, name), 'utf8');

/** A script of ours, where nodes run it from. */
export function scriptFile(name: string): NodeFile {
  return { path: `/run/taishang/${name}.sh`, content: fileOf('scripts', `${name}.sh`), mode: 0o755 };
}

/** What every server has, whatever its role. */
export function serverNode(name: string, role: string, secrets: Secrets, files: readonly NodeFile[] = []): NodeSpec {
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
