import { randomBytes } from 'node:crypto';
import type { Dataset } from '../../../../seeds/dataset.ts';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import type { ReferenceLoad, ReferenceProgram } from '../../contract/bench/query-path.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { cacheKey } from '../schema/cache.ts';
import { openClient } from '../server/connection.ts';

/** Requests from which the program's rate is known well enough to choose how many fill the time. */
const trialRequests = 10_000;

/** `redis-benchmark` with the GET of the path, for one user: inside the node, without the published port. */
export const cachedUserReference: ReferenceProgram = {
  name: 'redis-benchmark',
  request: 'GET of one cached user, inside the node',
  run,
};

async function run(running: RunningEngine, dataset: Dataset, { clients, durationMs }: ReferenceLoad) {
  if (running.topology === 'clustered') throw new Error('the key may be on any node of a cluster');
  const key = cacheKey('user', await firstUserId(dataset));
  await using client = await openClient(firstNode(running), running.secrets);
  // The program takes a password as an argument only, which the process list shows: it gets one of its own, that reads
  // this key alone and ends with the run.
  const user = `reference_${randomBytes(4).toString('hex')}`;
  const password = randomBytes(16).toString('hex');
  await client.call('ACL', 'SETUSER', user, 'on', `>${password}`, `~${key}`, '+get');
  try {
    const measure = async (requests: number) => {
      const login = ['--user', user, '-a', password];
      const load = ['-c', String(clients), '-n', String(requests), '--csv'];
      const command = ['redis-benchmark', ...login, ...load, 'GET', key];
      return parse(checked(await execInNode(firstNode(running), command), 'redis-benchmark', 'redis').output);
    };
    const { achievedPerS } = await measure(trialRequests);
    return await measure(Math.max(trialRequests, Math.round((achievedPerS * durationMs) / 1_000)));
  } finally {
    await client.call('ACL', 'DELUSER', user);
  }
}

/** The last line: test, requests per second, then latencies in milliseconds: mean, least, p50, p95, p99, most. */
function parse(output: string): { readonly achievedPerS: number; readonly p50Us: number } {
  const cells = output.trim().split('\n').at(-1)?.split('","') ?? [];
  const [perS, , , p50Ms] = cells.slice(-7).map((cell) => Number(cell.replaceAll('"', '')));
  if (perS === undefined || p50Ms === undefined || !(perS > 0)) {
    throw new Error(`redis-benchmark told no rate: ${output.slice(-300)}`);
  }
  return { achievedPerS: perS, p50Us: Math.round(p50Ms * 1e3) };
}

async function firstUserId(dataset: Dataset): Promise<string> {
  for await (const [user] of dataset.batches('users')) if (user !== undefined) return user.id;
  throw new Error('the dataset has no users');
}
