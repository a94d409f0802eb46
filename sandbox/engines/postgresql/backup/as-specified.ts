import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterSecret, checked, execInNode } from '../../../containers/runtime/exec.ts';
import { createTemporaryFolder } from '../../../core/files/temporary-folder.ts';
import type { Backup } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';

/** What the specification's scripts do, with their own lines; see the scripts for what is adapted. */
export const asSpecified = {
  description:
    'pg_dump of three databases as SQL; psql of one of them into taishang_users_restore; verified by counting users',
  run: async (source, target) => {
    await runAsSpecified(source, target);
  },
} satisfies Backup['asSpecified'];

/** Returns what the restore printed: errors of `psql` do not end it. */
export async function runAsSpecified(source: RunningEngine, target: RunningEngine): Promise<string> {
  await using folder = await createTemporaryFolder('taishang-as-specified-');
  const archive = join(folder.path, 'taishang-backup-20260101_000000.tar.gz');
  const output = createWriteStream(archive, { mode: 0o600 });
  const written = finished(output);
  written.catch(() => {});
  checked(
    await execInNode(firstNode(source), ['bash', '-c', await script('backup')], {
      environment: { ...server, BACKUP_DIR: '/tmp/backup-as-specified', TIMESTAMP: '20260101_000000' },
      input: afterSecret(source.secrets.postgres),
      outputTo: output,
    }),
    'backup-databases.sh',
    'postgresql',
  );
  await written;
  const restored = await execInNode(
    firstNode(target),
    ['bash', '-c', await script('restore'), 'restore-databases.sh', 'taishang-backup-20260101_000000.tar.gz'],
    {
      environment: { ...server, RESTORE_DIR: '/tmp/restore-as-specified' },
      input: afterSecret(target.secrets.postgres, createReadStream(archive)),
    },
  );
  checked(restored, 'restore-databases.sh', 'postgresql');
  return `${restored.output}\n${restored.errorOutput}`;
}

const script = (what: 'backup' | 'restore') =>
  readFile(join(import.meta.dirname, '..', 'scripts', `${what}-as-specified.sh`), 'utf8');

const server = { POSTGRES_HOST: '127.0.0.1', POSTGRES_USER: 'postgres' };
