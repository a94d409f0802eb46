import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupReport } from '../../../../sandbox/backup/backup-report.ts';
import { restoresBeside } from '../../../../sandbox/stack/replace/restore-stacks.ts';
import { stackIdentity } from '../../../../sandbox/stack/state/stack-identity.ts';
import { runForDocument, stackFolder } from '../../../support/command.ts';
import { type Contents, contentsOf } from './contents.ts';

/** A running stack, and archives to make mutants of. */
export interface FuzzedStack extends AsyncDisposable {
  readonly directory: string;
  /** Of the first release, as it lies in this repository. */
  readonly earlier: readonly Contents[];
  /** Those, and what a backup of this stack has. */
  readonly bases: readonly Contents[];
}

/** Neo4j is left out: it is restored into a stack of its own, in half a minute, and its users are read without one. */
const engines = 'postgresql,mongodb,redis,qdrant';

export async function startFuzzedStack(): Promise<FuzzedStack> {
  const folder = await stackFolder();
  const here = { cwd: folder.path };
  await runForDocument(['up', '--engines', engines, '--size', 'users=20,contents=40'], here);
  const { archive } = await runForDocument<BackupReport>(['backup'], here);
  const releases = join(import.meta.dirname, '..', '..', 'releases');
  const earlier = await contentsOf(join(releases, '0.1.0.tar.gz'), tmpdir());
  const present = await contentsOf(join(archive.location, archive.name), tmpdir());
  return {
    directory: folder.path,
    earlier,
    bases: [...earlier, ...present],
    async [Symbol.asyncDispose]() {
      for (const { name } of await restoresBeside(stackIdentity({ directory: folder.path }))) {
        const { exitCode, stderr } = await folder.run('down', '-v', '--name', name);
        if (exitCode !== 0) throw new Error(`down of ${name}: ${stderr}`);
      }
      await folder[Symbol.asyncDispose]();
    },
  };
}
