import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBackup } from '../../../../sandbox/backup/archive/open-archive.ts';
import { stagingDirectory } from '../../../../sandbox/backup/create-backup.ts';
import { execInNode } from '../../../../sandbox/containers/runtime/exec.ts';
import { firstNode, type RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { attachStack } from '../../../../sandbox/stack/attach/attach-stack.ts';
import { stackIdentity } from '../../../../sandbox/stack/state/stack-identity.ts';
import { canary } from './hostile-texts.ts';
import type { Restore } from './live-oracle.ts';

/** Faults that restores have had, put back: each must be found on a running server. */
export const liveControls: readonly {
  readonly name: string;
  readonly kind: string;
  readonly finding: RegExp;
  readonly restore: Restore;
}[] = [
  {
    name: 'a script of the archive is passed on to the server',
    kind: 'a program in a statement',
    finding: /was made$/,
    restore: (archive, directory) =>
      withArchive(archive, directory, async (folder, running) => {
        const script = await readFile(join(folder, 'globals.sql'), 'utf8');
        // With another password of the superuser nobody could look at the server any more.
        const input = script.replaceAll(/^.* ROLE postgres.*$/gm, '');
        await execInNode(firstNode(running), ['psql', '-X', '-d', 'postgres'], { user: 'postgres', input });
      }),
  },
  {
    name: 'a name of the archive stands where a tool parses it',
    kind: 'a database with the name of a connection',
    finding: /^somebody connected/,
    restore: (archive, directory) =>
      withArchive(archive, directory, async (folder, running) => {
        const [{ name }] = JSON.parse(await readFile(join(folder, 'databases.json'), 'utf8'));
        const command = ['psql', '-X', '-w', '-d', name, '-c', 'SELECT 1'];
        // A server says who came only once it was given a password.
        const environment = { PGPASSWORD: 'none' };
        await execInNode(firstNode(running), command, { user: 'postgres', environment });
      }),
  },
];

/** Takes away what a control has made on the server: of the next mutant it would be seen no more. */
export async function removeTrace(directory: string): Promise<void> {
  const { engines } = await attachStack({ directory });
  const node = firstNode(engines.get('postgresql') as RunningEngine);
  await execInNode(node, ['rm', '-f', `/tmp/${canary}`], { user: 'root' });
}

async function withArchive(
  archive: string,
  directory: string,
  work: (folder: string, running: RunningEngine) => Promise<void>,
): Promise<void> {
  await using opened = await openBackup(archive, {
    temporaryDirectory: await stagingDirectory(stackIdentity({ directory })),
  });
  const { engines } = await attachStack({ directory });
  await work(opened.folderOf('postgresql'), engines.get('postgresql') as RunningEngine);
}
