import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../../../seeds/dataset.ts';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import type { ReferenceLoad, ReferenceProgram } from '../../contract/bench/query-path.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';

/** Clients per thread of pgbench; one thread drives many, and the machine's other cores are the server's. */
const threads = 1;

/** `pgbench` with the statement of the path, prepared, for one user: on the server's own socket, without a network. */
export const userByEmailReference: ReferenceProgram = {
  name: 'pgbench',
  request: 'the same statement, prepared, over the socket inside the node',
  run,
};

async function run(running: RunningEngine, dataset: Dataset, { clients, durationMs }: ReferenceLoad) {
  const statement = await readFile(join(import.meta.dirname, 'query-paths', 'user-by-email.sql'), 'utf8');
  const email = await firstEmail(dataset);
  const seconds = Math.max(1, Math.round(durationMs / 1_000));
  const load = ['-c', String(clients), '-j', String(threads), '-T', String(seconds), '-n', '-M', 'prepared'];
  const program =
    'exec "$(pg_config --bindir 2>/dev/null || dirname "$(readlink -f "$(command -v postgres)")")"/pgbench "$@"';
  const command = ['sh', '-c', program, 'pgbench', ...load, '-D', `email=${email}`, '-f', '-', 'taishang_users'];
  const input = `${statement.trim().replaceAll('$1', ':email')};\n`;
  const { output } = checked(
    await execInNode(firstNode(running), command, { user: 'postgres', input }),
    'pgbench',
    'postgresql',
  );
  const tps = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
  if (!(tps > 0)) throw new Error(`pgbench told no rate: ${output.slice(-300)}`);
  // It tells the mean latency alone.
  return { achievedPerS: Math.round(tps * 10) / 10, p50Us: null };
}

async function firstEmail(dataset: Dataset): Promise<string> {
  for await (const [user] of dataset.batches('users')) if (user !== undefined) return user.email;
  throw new Error('the dataset has no users');
}
