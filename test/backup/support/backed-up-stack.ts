import { join } from 'node:path';
import type { BackupReport } from '../../../sandbox/backup/backup-report.ts';
import { restoresBeside } from '../../../sandbox/stack/replace/restore-stacks.ts';
import { stackIdentity } from '../../../sandbox/stack/state/stack-identity.ts';
import { runForDocument, type StackFolder, stackFolder } from '../../support/command.ts';
import { fewRowsText } from '../../support/few-rows.ts';
import { type Fingerprints, fingerprintsOf } from './live-stack.ts';

const engines = ['up', '--engines', 'postgresql,redis'] as const;

/** How such a stack is started; of few rows, since their number is not what a restore's way depends on. */
export const upArguments: readonly string[] = [...engines, '--size', fewRowsText];

/** A stack of PostgreSQL and Redis, and a backup of all that is in it. */
export interface BackedUpStack extends AsyncDisposable {
  readonly folder: StackFolder;
  readonly good: Fingerprints;
  readonly report: BackupReport;
  readonly archive: string;
}

/** `size`: as `--size` takes it. Default: few rows. */
export async function backedUpStack(size = fewRowsText): Promise<BackedUpStack> {
  const folder = await stackFolder();
  const here = { cwd: folder.path };
  await runForDocument([...engines, '--size', size], here);
  const good = await fingerprintsOf(folder.path);
  const report = await runForDocument<BackupReport>(['backup'], here);
  return {
    folder,
    good,
    report,
    archive: join(report.archive.location, report.archive.name),
    async [Symbol.asyncDispose]() {
      for (const { name } of await restoresBeside(stackIdentity({ directory: folder.path }))) {
        await folder.run('down', '-v', '--name', name);
      }
      await folder[Symbol.asyncDispose]();
    },
  };
}
