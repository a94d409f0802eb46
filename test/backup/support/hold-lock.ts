import { withBackupLock } from '../../../sandbox/backup/backup-lock.ts';

/** Holds the backup lock of a stack until it is killed. */
const [directory = '', name = ''] = process.argv.slice(2);
await withBackupLock({ directory, name }, 'restore', () => {
  console.log('held');
  return new Promise((resolve) => setTimeout(resolve, 600_000));
});
