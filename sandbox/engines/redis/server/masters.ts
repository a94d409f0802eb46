import keySlot from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { firstNode, isExternal, type ReachableEngine, type RunningEngine } from '../../contract/topology.ts';
import { surePrimary } from '../../shared/server/sure-primary.ts';
import { openClient, openExternal } from './connection.ts';

/** How long a node may take to say what it is, in milliseconds: one that is paused takes the connection and is silent. */
const answerMs = 1_500;

/** The nodes that take writes, each reached directly: one, or those of a cluster. */
export interface Masters extends AsyncDisposable {
  readonly clients: readonly Redis[];
  /** The master that holds a key. */
  readonly of: (key: string) => Redis;
}

/**
 * Connects to every master as the members see it now. What changes afterwards is an error of the next command. With
 * `commandTimeoutMs` a node that is silent is one too; default: it is waited for.
 */
export async function openMasters(
  running: ReachableEngine,
  options: { readonly commandTimeoutMs?: number } = {},
): Promise<Masters> {
  if (!isExternal(running) && running.topology === 'clustered') return openMastersOfCluster(running, options);
  const client = await openOne(running, options);
  return { clients: [client], of: () => client, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

async function openOne(running: ReachableEngine, options: { readonly commandTimeoutMs?: number }) {
  if (isExternal(running)) return openExternal(running.url, options);
  const node = running.topology === 'standalone' ? firstNode(running) : await primaryNode(running);
  return openClient(node, running.secrets, options);
}

/**
 * The node of `replicated` that takes writes; one that is busy is asked again. Throws `NODE_NOT_READY` where none says so in
 * time.
 */
export async function primaryNode({ nodes, secrets }: RunningEngine): Promise<NodeHandle> {
  return surePrimary(async () => {
    const said = await Promise.all(nodes.map((node) => askRole(node, secrets)));
    const { primary, isSure } = primaryAmong(said);
    if (primary === undefined) throw noMaster(said.flatMap(({ failure }) => failure ?? []));
    return { primary, isSure };
  });
}

/** What a node says that it is. */
export interface SaidRole {
  readonly node: NodeHandle;
  /** Of a primary: how many replicas are connected to it. */
  readonly replicas?: number;
  /** Why it said nothing. */
  readonly failure?: unknown;
}

/**
 * The primary, and whether it is for sure: one that was replaced while it was frozen, or cut off, says that it is one until
 * Sentinel tells it. No replica is connected to it, and the one that has replaced it may be too busy to say so.
 */
export function primaryAmong(said: readonly SaidRole[]): { readonly primary?: NodeHandle; readonly isSure: boolean } {
  const primaries = said.flatMap(({ node, replicas }) => (replicas === undefined ? [] : [{ node, replicas }]));
  const [first] = primaries.toSorted((one, other) => other.replicas - one.replicas);
  if (first === undefined) return { isSure: false };
  const isSilent = ({ failure }: SaidRole) => failure !== undefined && /timed out|ETIMEDOUT/.test(messageOf(failure));
  return { primary: first.node, isSure: first.replicas > 0 || !said.some(isSilent) };
}

/** `ROLE` of a primary ends with its replicas (Redis documentation). */
async function askRole(node: NodeHandle, secrets: RunningEngine['secrets']): Promise<SaidRole> {
  try {
    await using client = await openClient(node, secrets, { commandTimeoutMs: answerMs });
    const [role, , replicas] = (await client.call('ROLE')) as [string, unknown, readonly unknown[]];
    return role === 'master' ? { node, replicas: replicas.length } : { node };
  } catch (failure) {
    return { node, failure };
  }
}

/** Slots of every cluster (Redis documentation, "Cluster specification"). */
export const slotCount = 16_384;

/** First and last slot. */
export type Slots = readonly [first: number, last: number];

/** A node that takes writes, and the slots that it holds: all of them where there is no cluster. */
export interface Master {
  readonly node: NodeHandle;
  readonly slots: readonly Slots[];
}

/** The nodes that take writes now, in the order of their slots. Throws `NODE_NOT_READY` where slots belong to nobody. */
export async function mastersOf(running: RunningEngine): Promise<readonly Master[]> {
  const all: readonly Slots[] = [[0, slotCount - 1]];
  if (running.topology === 'standalone') return [{ node: firstNode(running), slots: all }];
  if (running.topology === 'replicated') return [{ node: await primaryNode(running), slots: all }];
  const ranges = (await slotRanges(running)).toSorted(([left], [right]) => left - right);
  const held = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (held < slotCount) throw noMaster([new Error(`${slotCount - held} slots belong to nobody`)]);
  const byAddress = Map.groupBy(ranges, ([, , [address]]) => address);
  return [...byAddress].map(([address, own]) => ({
    node: nodeAt(running, address),
    slots: own.map(([first, last]) => [first, last] as const),
  }));
}

function nodeAt({ nodes }: RunningEngine, address: string): NodeHandle {
  const node = nodes.find((each) => each.address === address);
  if (node === undefined) throw noMaster([new Error(`no node has the address ${address}`)]);
  return node;
}

type SlotRange = readonly [first: number, last: number, master: readonly [address: string, port: number]];

async function openMastersOfCluster(
  running: RunningEngine,
  options: { readonly commandTimeoutMs?: number },
): Promise<Masters> {
  const ranges = await slotRanges(running, options);
  await using opened = new AsyncDisposableStack();
  const clients = new Map<string, Redis>();
  for (const [, , [address]] of ranges) {
    if (clients.has(address)) continue;
    clients.set(address, opened.use(await openClient(nodeAt(running, address), running.secrets, options)));
  }
  const kept = opened.move();
  return {
    clients: [...clients.values()],
    of: (key) => {
      const slot = keySlot(key);
      const range = ranges.find(([first, last]) => slot >= first && slot <= last);
      const client = range === undefined ? undefined : clients.get(range[2][0]);
      if (client === undefined) throw noMaster([new Error(`nobody holds slot ${slot}`)]);
      return client;
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** As the first member that answers sees them. */
async function slotRanges(
  running: RunningEngine,
  options: { readonly commandTimeoutMs?: number } = {},
): Promise<readonly SlotRange[]> {
  const failures: unknown[] = [];
  for (const node of running.nodes) {
    try {
      await using client = await openClient(node, running.secrets, options);
      return (await client.cluster('SLOTS')) as unknown as SlotRange[];
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  throw noMaster(failures);
}

function noMaster(failures: readonly unknown[]): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'redis',
    message: 'No node takes writes.',
    next: '`npm run sandbox -- topology` shows who is what; a failover may be under way.',
    evidence: failures.map(messageOf).join('\n'),
  });
}
