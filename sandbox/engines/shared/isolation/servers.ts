import { freemem } from 'node:os';
import { memoryLimitBytes } from '../../../containers/nodes/confinement.ts';
import type { NodeHandle, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import { findPlaceServers, removePlaceServers, startPlaceServer } from '../../../containers/nodes/place-servers.ts';
import { untilReady } from '../../../containers/nodes/until-ready.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import type { PlaceOwner, Places } from '../../contract/isolation.ts';
import { firstNode, type RunningEngine, type Secrets, type Topology } from '../../contract/topology.ts';
import { ownerOfPlace, stackMark } from './place-names.ts';

/** How an engine's servers for tests are made. */
export interface ServerKind {
  readonly topology: Topology;
  /** Variables of the server beside those of the topology. Default: none. */
  readonly addedEnvironment?: Readonly<Record<string, string>>;
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
    const serverVersion = await untilReady(node, {
      probe: () => kind.probe(node, secrets),
      signal,
      next: 'On a slow machine set SANDBOX_DEADLINE_FACTOR=2, or have fewer places at once.',
    });
    const { engine, image } = stack;
    return { engine, topology: 'standalone', image, serverVersion, nodes: [node], secrets };
  } catch (thrown) {
    await removeServer(stack, id);
    throw thrown;
  }
}

function specOf({ image }: RunningEngine, { topology, addedEnvironment }: ServerKind, secrets: Secrets): NodeSpec {
  const [spec] = topology.nodes({ secrets, image, hostPort: () => 0, address: () => '' });
  if (spec === undefined) throw new Error('a topology has a node');
  return { ...spec, environment: { ...spec.environment, ...addedEnvironment } };
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
