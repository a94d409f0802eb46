import type { Command } from 'commander';
import { add, run } from './add-command.ts';

/** Backups of the platform, and ways back to them. */
export function addBackupCommands(program: Command): void {
  add(program, 'backup', 'back the running stack up into one archive, or look after those that are there', ['engines'])
    .argument('[action...]', 'list, show FILE, verify FILE or prune (default: make one)')
    .option(
      '--to <place>',
      "folder or s3://bucket/prefix of the archive (default: the stack's own, in your data folder)",
    )
    .option('--log', 'keep a log archive from now on, for engines that can be restored to any moment: restore --to')
    .option('--no-log', 'keep none any more, and REMOVE what was kept')
    .option('--retention <days>', 'remove archives there that are older, or none (default: 7)')
    .option('--webhook <url>', 'whom to tell how it ended, signed with SANDBOX_WEBHOOK_SECRET or ..._FILE')
    .option('--schedule <when>', 'go on running, and back up at HH:MM each day or by a cron expression, local time')
    .action(run(() => import('../backup/backup.ts').then((room) => room.backup)));
  add(program, 'restore', 'restore an archive beside the live data, or in its place', [
    'engines',
    'images',
    'dockerInstall',
  ])
    .argument(
      '[archive]',
      'the archive that `backup` has made: a path, or s3://bucket/prefix/name (with --to: the one that leads there)',
    )
    .option(
      '--to <moment>',
      "what was there at a moment, where a log is kept: '2026-11-29 10:00', local time, or with a zone: 2026-11-29T10:00Z",
    )
    .option('--nearest', 'with --to: take engines that cannot be restored to a moment as the archive has them')
    .option(
      '--discard',
      'restore nothing: REMOVE the copies and stacks that restores beside the live data have left, or those of --engines',
    )
    .option('--into <place>', 'restore: beside the live data; replace: in its place (default: restore)')
    .option('-y, --yes', 'replace live data without asking; a safety backup of it is taken first')
    .option(
      '--trust-archive',
      'restore it though no known key has signed it, and take rights from it that open a door: users without a password, or who may do everything',
    )
    .action(run(() => import('../backup/restore.ts').then((room) => room.restore)));
}
