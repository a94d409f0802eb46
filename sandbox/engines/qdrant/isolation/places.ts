import { randomBytes } from 'node:crypto';
import type { IsolationOptions, Place, Places } from '../../contract/isolation.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { placeName, stackMark } from '../../shared/isolation/place-names.ts';
import {
  capacityOf,
  removeServer,
  resetServer,
  type ServerKind,
  serverOf,
  startServer,
} from '../../shared/isolation/servers.ts';
import { schemaGaps } from '../schema/schema-gaps.ts';
import { environment, probe, uri } from '../server/connection.ts';
import { standalone } from '../server/topologies.ts';
import { markCollection } from './collection-state.ts';
import { differencesOf, mendServer, type PlaceServer, type Template } from './mend-server.ts';
import { fillServer, readFilled, type Snapshots, takeSnapshots } from './template.ts';

/** As `Engine.resources` has it, without a dataset. */
const kind: ServerKind = { topology: standalone, memoryBytes: 192e6, probe };

/** Servers that a machine of two cores keeps warm without being slowed down by them. */
const usualServers = 8;

interface Pool {
  readonly stack: RunningEngine;
  readonly template: Template;
  readonly servers: Map<string, PlaceServer>;
}

/** Takes snapshots of the stack's collections as they are now, and opens the pool of servers that are filled with them. */
export async function openPlaces(stack: RunningEngine, options: IsolationOptions): Promise<Places> {
  const mark = stackMark(stack);
  const snapshots = await takeSnapshots(stack);
  const servers = new Map<string, PlaceServer>();
  const start = async (signal?: AbortSignal) => {
    const server = await startFilled(stack, snapshots, placeName(mark, options.owner), signal ?? options.signal);
    servers.set(firstNode(server.running).name, server);
    return server;
  };
  try {
    // What it holds once it is filled is what all of them are compared with; then it is the first place.
    const first = await start();
    const pool: Pool = { stack, servers, template: { snapshots, filled: await readFilled(first.running, snapshots) } };
    let unused: PlaceServer | undefined = first;
    return {
      capacity: capacityOf(kind, usualServers, options.maximum),
      async make(signal) {
        const server = unused;
        unused = undefined;
        return placeOf(server ?? (await start(signal)));
      },
      reset: (place) =>
        resetServer(servers.get(place.id), {
          mend: (server) => mendServer(server, pool.template),
          drop: () => drop(pool, place),
        }),
      verify: async (place) => differencesOf(serverOf(servers, place).running, pool.template),
      schemaGaps: (place) => schemaGaps(serverOf(servers, place).running),
      drop: (place) => drop(pool, place),
      async [Symbol.asyncDispose]() {
        if (unused !== undefined) await removeServer(stack, firstNode(unused.running).name);
        await pool.template.filled[Symbol.asyncDispose]();
        await snapshots[Symbol.asyncDispose]();
      },
    };
  } catch (thrown) {
    await Promise.all([...servers.keys()].map((id) => removeServer(stack, id)));
    await snapshots[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function startFilled(
  stack: RunningEngine,
  snapshots: Snapshots,
  id: string,
  signal: AbortSignal | undefined,
): Promise<PlaceServer> {
  // A key of its own: that of the stack opens the stack.
  const running = await startServer(stack, kind, {
    id,
    secrets: { apiKey: randomBytes(24).toString('base64url') },
    signal,
  });
  try {
    await fillServer(running, snapshots);
    const marks = new Map<string, Awaited<ReturnType<typeof markCollection>>>();
    for (const { name } of snapshots.collections) marks.set(name, await markCollection(running, name));
    return { running, marks };
  } catch (thrown) {
    await removeServer(stack, id);
    throw thrown;
  }
}

function placeOf({ running }: PlaceServer): Place {
  return { id: firstNode(running).name, uri: uri(running), environment: environment(running) };
}

async function drop({ stack, servers }: Pool, { id }: Place): Promise<void> {
  servers.delete(id);
  await removeServer(stack, id);
}
