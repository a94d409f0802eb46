import { randomBytes } from 'node:crypto';
import { SandboxError } from '../../../../core/errors.ts';
import type { IsolationOptions, Place, Places } from '../../../contract/isolation.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { placeName, stackMark } from '../../../shared/isolation/place-names.ts';
import {
  capacityOf,
  removeServer,
  resetServer,
  type ServerKind,
  serverOf,
  startServer,
} from '../../../shared/isolation/servers.ts';
import { schemaGaps } from '../../schema/schema-gaps.ts';
import { environment, openClient, probe, uri } from '../../server/connection.ts';
import { standalone } from '../../server/topologies.ts';
import { differencesOf, mendServer, type PlaceServer, readNew } from './mend-server.ts';
import { addUsers, fillFunctions, fillKeys, type Template, takeTemplate } from './template.ts';

/** As `Engine.resources` has it, without a dataset. */
const kind: ServerKind = { topology: standalone, memoryBytes: 64e6, probe };

/** Servers that a machine of two cores keeps warm without being slowed down by them. */
const usualServers = 8;

/** Differences that are named: more say nothing more. */
const namedMax = 50;

interface Pool {
  readonly stack: RunningEngine;
  readonly template: Template;
  readonly servers: Map<string, PlaceServer>;
}

/** Reads the stack's server as it is now, and opens the pool of servers that are filled with it. Throws `NOT_SUPPORTED`. */
export async function openServers(stack: RunningEngine, options: IsolationOptions): Promise<Places> {
  if (stack.topology === 'clustered') throw clustered();
  const mark = stackMark(stack);
  const pool: Pool = { stack, template: await takeTemplate(stack), servers: new Map() };
  const { servers, template } = pool;
  return {
    capacity: capacityOf(kind, usualServers, options.maximum),
    make: (signal = options.signal) => make(pool, placeName(mark, options.owner), signal),
    reset: (place) =>
      resetServer(servers.get(place.id), {
        mend: (server) => mendServer(server, template),
        drop: () => drop(pool, place),
      }),
    verify: async (place) => (await differencesOf(serverOf(servers, place), template)).slice(0, namedMax),
    schemaGaps: (place) => schemaGaps(serverOf(servers, place).running),
    drop: (place) => drop(pool, place),
    async [Symbol.asyncDispose]() {},
  };
}

async function make({ stack, template, servers }: Pool, id: string, signal?: AbortSignal): Promise<Place> {
  // A password of its own: that of the stack opens the stack.
  const secrets = { default: randomBytes(24).toString('base64url') };
  const running = await startServer(stack, kind, { id, secrets, signal });
  try {
    await using client = await openClient(firstNode(running), secrets);
    await fillFunctions(client, template);
    await addUsers(client, template);
    const filledAtMs = await fillKeys(client, template);
    servers.set(id, { running, filledAtMs, ...(await readNew(client)) });
  } catch (thrown) {
    await removeServer(stack, id);
    throw thrown;
  }
  return { id, uri: uri(running), environment: environment(running) };
}

async function drop({ stack, servers }: Pool, { id }: Place): Promise<void> {
  servers.delete(id);
  await removeServer(stack, id);
}

function clustered(): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'redis',
    message: 'A place is one server, and a service of a Redis Cluster looks for several.',
    next: 'Start Redis as standalone or replicated: npm run sandbox -- up --topology redis=standalone',
  });
}
