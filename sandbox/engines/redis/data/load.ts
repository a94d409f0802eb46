import type { Redis } from 'ioredis';
import type { Dataset } from '../../../../seeds/dataset.ts';
import { directAddress } from '../../../containers/runtime/direct-address.ts';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { TaskReport } from '../../../core/progress.ts';
import { allSettled } from '../../../core/run-concurrently.ts';
import type { LoadReport } from '../../contract/data.ts';
import type { ReachableEngine, RunningEngine } from '../../contract/topology.ts';
import { beginLoad, type LoadRecords, parseMark } from '../../shared/load/load-marks.ts';
import { loadPart } from '../../shared/load/load-part.ts';
import { loadProgress } from '../../shared/load/load-progress.ts';
import { keySpaces, lifetimesS } from '../schema/cache.ts';
import { serverPort } from '../server/client-options.ts';
import { type Masters, openMasters } from '../server/masters.ts';
import { openRespStream, type RespStream } from '../server/resp-stream.ts';
import { forgetMark, readFingerprint, serverTimeMs, writeMark } from './mark.ts';
import { createCommandBuffers, setCommands } from './set-commands.ts';

/** How far an unfinished load has come. */
const markKey = 'taishang:load';

/** It goes with the first caches that expire: what is no longer complete is not gone on with. */
const shortestLifetimeMs = Math.min(...Object.values(lifetimesS)) * 1_000;

/** Keys a write, and writes under way: the sweep is in docs/measurements/loading.md. */
export const keysPerWrite = 1_000;
const writesAtOnce = 8;

/** Writes the caches with their lifetimes. Replaces the platform's key spaces; other keys stay. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  await using masters = await openMasters(running);
  const fingerprint = await dataset.fingerprint();
  const keys = dataset.counts.cacheEntries;
  await using opened = new AsyncDisposableStack();
  // They connect while the load begins.
  const [marks, streams] = await allSettled([
    beginLoad(
      fingerprint,
      loadRecords(masters, () => beganMs),
      () => emptyKeySpaces(masters),
    ),
    openStreams(running, masters, opened),
  ]);
  const beganMs = beginOfMark(masters);
  beganMs.catch(() => {});
  const buffers = createCommandBuffers();
  await loadPart(
    {
      name: 'keys',
      batches: dataset.batches('cacheEntries'),
      rowsPerWrite: keysPerWrite,
      streams: writesAtOnce,
      advance: loadProgress(report, keys, marks.rowsBefore),
      // SET of a key that is there sets it again: nothing has to be known of what was under way.
      async write(entries) {
        const byMaster = Map.groupBy(entries, ({ key }) => masters.of(key));
        const writes = [...byMaster].map(async ([client, share]) => {
          const commands = setCommands(share, buffers.take);
          await streams.of(client).send(commands, share.length);
          buffers.giveBack(commands);
        });
        await Promise.all(writes);
      },
    },
    marks,
  );
  // Awaited here: the connections end with this function.
  return await marks.finish({ keys });
}

export async function loadedFingerprint(running: ReachableEngine): Promise<string | undefined> {
  await using masters = await openMasters(running);
  return readFingerprint(masters);
}

/** `beganMs` is when the load that is finished began. */
function loadRecords(masters: Masters, beganMs: () => Promise<number>): LoadRecords {
  const marked = masters.of(markKey);
  return {
    readFingerprint: () => readFingerprint(masters),
    readMark: async () => parseMark(await marked.get(markKey)),
    // One request. `NX`: only where it has no end yet, because it is new.
    async writeMark(mark) {
      const written = marked.multi().set(markKey, JSON.stringify(mark), 'KEEPTTL');
      requireDone(await written.pexpire(markKey, shortestLifetimeMs, 'NX').exec());
    },
    forget: () => forgetRecords(masters),
    async finish(dataset) {
      await writeMark(masters, dataset, await beganMs());
      await marked.del(markKey);
    },
  };
}

/** When the load began, by the server's clock and maybe long ago: the first keys count from there. */
async function beginOfMark(masters: Masters): Promise<number> {
  return (await masters.of(markKey).pexpiretime(markKey)) - shortestLifetimeMs;
}

async function forgetRecords(masters: Masters): Promise<void> {
  await Promise.all([forgetMark(masters), masters.of(markKey).del(markKey)]);
}

/** Takes everything away that {@link load} brings. */
export async function removeLoaded(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  await forgetRecords(masters);
  await emptyKeySpaces(masters);
}

/** Says that the caches of a dataset were written. Default: just now. */
export async function recordLoaded(running: RunningEngine, fingerprint: string, loadedAtMs?: number): Promise<void> {
  await using masters = await openMasters(running);
  await writeMark(masters, fingerprint, loadedAtMs ?? (await serverTimeMs(masters)));
}

/** Removes the platform's caches from every master. */
async function emptyKeySpaces({ clients }: Masters): Promise<void> {
  await Promise.all(clients.map((client) => Promise.all(keySpaces.map((space) => clear(client, space)))));
}

interface Streams {
  readonly of: (master: Redis) => RespStream;
}

/** A stream to each master, the shortest way there is; `opened` ends them. */
async function openStreams(
  { nodes, secrets }: RunningEngine,
  { clients }: Masters,
  opened: AsyncDisposableStack,
): Promise<Streams> {
  const open = async (client: Redis) => {
    const { host = '', port = 0 } = client.options;
    const node = nodes.find((each) => each.port === port);
    const address = node === undefined ? undefined : await directAddress(node);
    const [at, atPort] = address === undefined ? [host, port] : [address, serverPort];
    return [client, opened.use(openRespStream(at, atPort, secrets.default ?? ''))] as const;
  };
  const streams = new Map(await Promise.all(clients.map(open)));
  return {
    of(master) {
      const stream = streams.get(master);
      if (stream === undefined) throw new Error('every master has a stream');
      return stream;
    },
  };
}

/** One by one: keys of a cluster's master lie in many slots, and one command may name keys of one slot alone. */
async function clear(client: Redis, space: string): Promise<void> {
  for await (const keys of scan(client, `${space}:*`)) {
    const pipeline = client.pipeline();
    for (const key of keys) pipeline.unlink(key);
    requireDone(await pipeline.exec());
  }
}

/** Commands that were sent together are refused one by one. */
function requireDone(results: readonly (readonly [Error | null, unknown])[] | null): void {
  for (const [error] of results ?? []) if (error) throw error;
}

/** Keys that match, in batches of about 1,000. A key may come twice (Redis documentation, "SCAN"). */
export function scan(client: Redis, pattern: string): AsyncIterable<string[]> {
  return client.scanStream({ match: pattern, count: 1_000 });
}
