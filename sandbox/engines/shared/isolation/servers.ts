import { freemem } from 'node:os';
import { memoryLimitBytes } from '../../../containers/nodes/confinement.ts';
import type { NodeHandle, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import { isRunning, nodeLogs } from '../../../containers/nodes/nodes.ts';
import { findPlaceServers, removePlaceServers, startPlaceServer } from '../../../containers/nodes/place-servers.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { fatal, poll } from '../../../core/poll.ts';
import type { Place, PlaceOwner, Places } from '../../contract/isolation.ts';
import { firstNode, type RunningEngine, type Secrets, type Topology } from '../../contract/topology.ts';
import { ownerOfPlace, stackMark } from './place-names.ts';

/** How an engine's servers for tests are made. */
export interface ServerKind {
  readonly topology: Topology;
  /** Environment beside that of the topology. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What one takes, in bytes. */
  readonly memoryBytes: number;
  readonly probe: (node: NodeHandle, secrets: Secrets) => Promise<string>;
}

/** Starts a server beside those of the stack, and waits until it answers. Nothing is left of one that does not. */
export async function startServer(
  stack: RunningEngine,
  kind: ServerKind,
  {
    id,
    secrets,
    signal,
  }: { readonly id: string; readonly secrets: Secrets; readonly signal?: AbortSignal | undefined },
): Promise<RunningEngine> {
  const spec = specOf(stack, kind, secrets);
  const limit = memoryLimitBytes(kind.memoryBytes);
  const node = await startPlaceServer({ id, beside: firstNode(stack), spec, memoryLimitBytes: limit });
  try {
    const serverVersion = await untilReady(node, () => kind.probe(node, secrets), signal);
    const { engine, image } = stack;
    return { engine, topology: 'standalone', image, serverVersion, nodes: [node], secrets };
  } catch (thrown) {
    await removeServer(stack, id);
    throw thrown;
  }
}

function specOf({ image }: RunningEngine, { topology, environment }: ServerKind, secrets: Secrets): NodeSpec {
  const [spec] = topology.nodes({ secrets, image, hostPort: () => 0, address: () => '' });
  if (spec === undefined) throw new Error('a topology has a node');
  return { ...spec, environment: { ...spec.environment, ...environment } };
}

async function untilReady(
  node: NodeHandle,
  probe: () => Promise<string>,
  signal: AbortSignal | undefined,
): Promise<string> {
  return poll(
    async () => {
      try {
        return await probe();
      } catch (thrown) {
        if (await isRunning(node)) throw thrown;
        throw fatal(await diedError(node));
      }
    },
    {
      timeoutMs: deadlineMs('nodeReady'),
      signal,
      onTimeout: (last, elapsedMs) =>
        new SandboxError({
          code: 'NODE_NOT_READY',
          engine: node.engine,
          message: `A server for tests runs but gave no answer within ${Math.round(elapsedMs / 1000)} s: ${messageOf(last)}`,
          next: 'On a slow machine set SANDBOX_DEADLINE_FACTOR=2, or have fewer places at once.',
        }),
    },
  );
}

async function diedError(node: NodeHandle): Promise<SandboxError> {
  return new SandboxError({
    code: 'NODE_DIED',
    engine: node.engine,
    message: `The container ${node.containerName} of a test's own ended before it was ready.`,
    next: 'Its last log lines are below; `npm run sandbox -- doctor` checks the machine.',
    evidence: await nodeLogs(node, 30).catch(() => ''),
  });
}

/** The server of a place. Throws where this pool has none. */
export function serverOf<Server>(servers: ReadonlyMap<string, Server>, { id }: Place): Server {
  const server = servers.get(id);
  if (server === undefined) throw new Error(`${id} is a place of another broker, or was dropped`);
  return server;
}

/** How the server of a place is made as new, or given up. */
interface ServerReset<Server> {
  readonly mend: (server: Server) => Promise<void>;
  readonly drop: () => Promise<void>;
}

/** Makes a server as new. `false`: it does not run, or cannot be mended, such as with another password; it is dropped. */
export async function resetServer<Server extends { readonly running: RunningEngine }>(
  server: Server | undefined,
  { mend, drop }: ServerReset<Server>,
): Promise<boolean> {
  try {
    if (server !== undefined && (await isRunning(firstNode(server.running)))) {
      await mend(server);
      return true;
    }
  } catch {
    // Whatever is wrong with it: it goes, and another one comes.
  }
  await drop();
  return false;
}

/** Removes a server of a place. One that is not there is no error. */
export async function removeServer(stack: RunningEngine, id: string): Promise<void> {
  const found = await findPlaceServers(firstNode(stack).network, stack.engine);
  await removePlaceServers(found.filter(({ labels }) => labels[labelNames.place] === id));
}

/** Removes servers that nobody has any more. Returns how many. */
export async function sweepServers(
  stack: RunningEngine,
  isAlive: (owner: PlaceOwner, id: string) => boolean,
): Promise<number> {
  const mark = stackMark(stack);
  const abandoned = (await findPlaceServers(firstNode(stack).network, stack.engine)).filter(({ labels }) => {
    const id = labels[labelNames.place] ?? '';
    const owner = ownerOfPlace(id, mark);
    return owner !== undefined && !isAlive(owner, id);
  });
  await removePlaceServers(abandoned);
  return abandoned.length;
}

/** Part of the memory that is free now which servers for tests may take. */
const memoryShare = 0.5;

/** As many servers as were asked for, or as half of the free memory has room for; at least one. */
export function capacityOf({ memoryBytes }: ServerKind, usual: number, maximum = usual): Places['capacity'] {
  const room = Math.max(1, Math.floor((freemem() * memoryShare) / memoryBytes));
  const each = `${Math.round(memoryBytes / 1e6)} MB`;
  if (room < maximum) return { places: room, boundBy: `half of the free memory, ${each} for each server` };
  return { places: maximum, boundBy: maximum === usual ? `${usual} servers by default` : 'what was asked for' };
}
