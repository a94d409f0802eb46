import { SandboxError } from '../../../../core/errors.ts';
import type { IsolationOptions, Places } from '../../../contract/isolation.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { openServerPool } from '../../../shared/isolation/server-pool.ts';
import { schemaGaps } from '../../schema/schema-gaps.ts';
import { environment, openClient, probe, uri } from '../../server/connection.ts';
import { standalone } from '../../server/topologies.ts';
import { differencesOf, mendServer, type PlaceServer, readNew } from './mend-server.ts';
import { addUsers, fillFunctions, fillKeys, type Template, takeTemplate } from './template.ts';

/** Differences that are named: more say nothing more. */
const namedMax = 50;

/** Reads the stack's server as it is now, and opens the pool of servers that are filled with it. Throws `NOT_SUPPORTED`. */
export async function openServers(stack: RunningEngine, options: IsolationOptions): Promise<Places> {
  if (stack.topology === 'clustered') throw clustered();
  const template = await takeTemplate(stack);
  return openServerPool<PlaceServer>(stack, options, {
    ...{ topology: standalone, probe, uri, environment, schemaGaps, secretName: 'default' },
    // As `Engine.resources` has it, without a dataset.
    memoryBytes: 64e6,
    usualServers: 8,
    fill: (running) => fill(running, template),
    mend: (server) => mendServer(server, template),
    verify: async (server) => (await differencesOf(server, template)).slice(0, namedMax),
  });
}

async function fill(running: RunningEngine, template: Template): Promise<PlaceServer> {
  await using client = await openClient(firstNode(running), running.secrets);
  await fillFunctions(client, template);
  await addUsers(client, template);
  const filledAtMs = await fillKeys(client, template);
  return { running, filledAtMs, ...(await readNew(client)) };
}

function clustered(): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'redis',
    message: 'A place is one server, and a service of a Redis Cluster looks for several.',
    next: 'Start Redis as standalone or replicated: npm run sandbox -- up --topology redis=standalone',
  });
}
