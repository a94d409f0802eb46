import type { QdrantClient } from '@qdrant/js-client-rest';
import type { RunningEngine } from '../../contract/topology.ts';
import type { WriteOutcome } from '../../contract/workloads.ts';
import { outcomeOf, type SetClient, type Workload, type Workloads } from '../../contract/workloads.ts';
import { scrollAll } from '../schema/collections.ts';
import { openClient, urls } from '../server/connection.ts';
import { createFollowingClient, isRefusal, openClientAt, wasNotSent } from '../server/following-client.ts';
import { roles } from '../server/peers.ts';

/** A collection of the platform, so that its backups hold what was written. */
const collection = 'user_vectors';
const dimensions = 512;

/** Points of the set carry this in their payload, and their value as their id. */
const mark = { key: 'drill', match: { value: 'set' } } as const;

/** A client that hears nothing for this long asks another peer; what it had sent is unknown. */
const timeoutMs = 3_000;

/** Clients begin with different peers, as they do behind a balancer: whichever peer breaks, some client was on it. */
let opened = 0;

/** Qdrant has no transactions, no lists and no conditional writes: what it can be held to is a set. */
export const workloads: Workloads = {
  set: {
    prepare,
    open: async (running) => {
      const options = { timeoutMs, first: opened++ };
      return setOf(createFollowingClient(urls(running), running.secrets.apiKey ?? '', options));
    },
    openMember,
  },
};

/**
 * The set as clients write it that ask for nothing: a write counts once the peer has heard of it that they began with,
 * the leader, and they stay there as long as it takes connections. Qdrant lets a peer disable replicas which it does
 * not reach, and write without them (Qdrant 1.18, `replica_set/update.rs`), where the collection asks for no second one.
 */
export const hastySet: Workload<SetClient> = {
  prepare,
  open: async (running) => {
    let client = await openAtLeader(running);
    const moveOn = async () => {
      client = await openAtLeader(running).catch(() => client);
    };
    return {
      add: (value) =>
        outcomeOf(
          async () => (await client.upsert(collection, { wait: false, points: [pointOf(value)] })).status !== undefined,
          (thrown) => {
            if (wasNotSent(thrown)) void moveOn();
            return judge(thrown);
          },
        ),
      readAll: () => readSet(client),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  openMember,
};

/** One copy of a write is enough from now on. */
export async function askForOneCopy(running: RunningEngine): Promise<void> {
  await openClient(running).updateCollection(collection, { params: { write_consistency_factor: 1 } });
}

async function openAtLeader(running: RunningEngine): Promise<QdrantClient> {
  const leader = (await roles(running)).find(({ role }) => role === 'leader' || role === 'single');
  const node = running.nodes.find(({ name }) => name === leader?.node);
  if (node === undefined) throw new Error('no peer leads');
  return openClientAt(urls({ nodes: [node] }), running.secrets.apiKey ?? '', timeoutMs);
}

/** A peer reads its own replica unless more than one is asked for (Qdrant documentation, "Read consistency"). */
async function openMember(running: RunningEngine, nodeName: string): Promise<SetClient & AsyncDisposable> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  return setOf(openClientAt(urls({ nodes: [node] }), running.secrets.apiKey ?? '', timeoutMs));
}

function setOf(client: QdrantClient): SetClient & AsyncDisposable {
  return {
    add: (value) =>
      outcomeOf(
        async () => (await client.upsert(collection, { wait: true, points: [pointOf(value)] })).status === 'completed',
        judge,
      ),
    readAll: () => readSet(client),
    [Symbol.asyncDispose]: async () => {},
  };
}

function pointOf(value: number) {
  const vector = Array.from({ length: dimensions }, (_, index) => (index === value % dimensions ? 1 : 0));
  return { id: value, vector, payload: { drill: 'set' } };
}

async function readSet(client: QdrantClient): Promise<readonly number[]> {
  const values: number[] = [];
  for await (const points of scrollAll(client, collection)) {
    for (const { id, payload } of points) if (payload?.drill === 'set') values.push(Number(id));
  }
  return values;
}

/** Too few replicas is a failure of the server (5xx) that leaves those written that were reached: nobody knows. */
function judge(thrown: unknown): WriteOutcome {
  return isRefusal(thrown) || wasNotSent(thrown) ? 'fail' : 'info';
}

async function prepare(running: RunningEngine): Promise<void> {
  await openClient(running).delete(collection, { wait: true, filter: { must: [mark] } });
}
