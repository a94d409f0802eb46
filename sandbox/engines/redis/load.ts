import type { Redis } from 'ioredis';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { LoadReport } from '../engine.ts';
import { beginLoad, type LoadRecords, parseMark } from '../load-marks.ts';
import { loadPart } from '../load-part.ts';
import { loadProgress } from '../load-progress.ts';
import type { RunningEngine } from '../topology.ts';
import { keySpaces, lifetimesS } from './cache.ts';
import { type Masters, openMasters } from './masters.ts';
import { openRespStream, type RespStream, setCommand } from './resp-stream.ts';

/** Where the fingerprint of the loaded dataset is kept, and how far an unfinished load has come. */
const fingerprintKey = 'taishang:dataset';
const markKey = 'taishang:load';

/** Both go with the first caches that expire: what is no longer complete is loaded again. */
const shortestLifetimeMs = Math.min(...Object.values(lifetimesS)) * 1_000;

/** Keys a write, and writes under way: the sweep is in docs/loading.md. */
export const keysPerWrite = 1_000;
const writesAtOnce = 8;

/** Writes the caches with their lifetimes. Replaces the platform's key spaces; other keys stay. */
export async function load(running: RunningEngine, dataset: Dataset, report: TaskReport): Promise<LoadReport> {
  await using masters = await openMasters(running);
  const fingerprint = await dataset.fingerprint();
  const keys = dataset.counts.cacheEntries;
  await using streams = await openStreams(running, masters);
  const marks = await beginLoad(fingerprint, recordsOf(masters), () => emptyKeySpaces(masters));
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
        const writes = [...byMaster].map(([client, share]) =>
          streams.of(client).send(share.map(setCommand).join(''), share.length),
        );
        await Promise.all(writes);
      },
    },
    marks,
  );
  // The first keys count from when the load began, which may have been a while ago.
  const leftMs = await masters.of(markKey).pttl(markKey);
  if (leftMs > 0) await masters.of(fingerprintKey).set(fingerprintKey, fingerprint, 'PX', leftMs);
  await masters.of(markKey).del(markKey);
  return { loaded: { keys }, ...(marks.resumed ? { resumedFrom: marks.rowsBefore } : {}) };
}

export async function loadedFingerprint(running: RunningEngine): Promise<string | undefined> {
  await using masters = await openMasters(running);
  return readFingerprint(masters);
}

async function readFingerprint(masters: Masters): Promise<string | undefined> {
  return (await masters.of(fingerprintKey).get(fingerprintKey)) ?? undefined;
}

function recordsOf(masters: Masters): LoadRecords {
  const marked = masters.of(markKey);
  return {
    readFingerprint: () => readFingerprint(masters),
    readMark: async () => parseMark(await marked.get(markKey)),
    async writeMark(mark) {
      const text = JSON.stringify(mark);
      const isKept = await marked.call('SET', markKey, text, 'KEEPTTL', 'XX');
      if (isKept === null) await marked.set(markKey, text, 'PX', shortestLifetimeMs);
    },
    forget: () => forgetRecords(masters),
  };
}

async function forgetRecords(masters: Masters): Promise<void> {
  await masters.of(fingerprintKey).del(fingerprintKey);
  await masters.of(markKey).del(markKey);
}

/** Takes everything away that {@link load} brings. */
export async function removeLoaded(running: RunningEngine): Promise<void> {
  await using masters = await openMasters(running);
  await forgetRecords(masters);
  await emptyKeySpaces(masters);
}

/** Says that the caches of a dataset were written just now. */
export async function recordLoaded(running: RunningEngine, fingerprint: string): Promise<void> {
  await using masters = await openMasters(running);
  await masters.of(fingerprintKey).set(fingerprintKey, fingerprint, 'PX', shortestLifetimeMs);
}

/** Removes the platform's caches from every master. */
async function emptyKeySpaces({ clients }: Masters): Promise<void> {
  await Promise.all(clients.map((client) => Promise.all(keySpaces.map((space) => clear(client, space)))));
}

interface Streams extends AsyncDisposable {
  readonly of: (master: Redis) => RespStream;
}

/** A stream to each master. */
async function openStreams({ secrets }: RunningEngine, { clients }: Masters): Promise<Streams> {
  await using opened = new AsyncDisposableStack();
  const streams = new Map<Redis, RespStream>();
  for (const client of clients) {
    const { host = '', port = 0 } = client.options;
    streams.set(client, opened.use(await openRespStream(host, port, secrets.default ?? '')));
  }
  const kept = opened.move();
  return {
    of(master) {
      const stream = streams.get(master);
      if (stream === undefined) throw new Error('every master has a stream');
      return stream;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** One by one: keys of a cluster's master lie in many slots, and one command may name keys of one slot alone. */
async function clear(client: Redis, space: string): Promise<void> {
  for await (const keys of scan(client, `${space}:*`)) {
    const pipeline = client.pipeline();
    for (const key of keys) pipeline.unlink(key);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }
}

/** Keys that match, in batches of about 1,000. A key may come twice (Redis documentation, "SCAN"). */
export function scan(client: Redis, pattern: string): AsyncIterable<string[]> {
  return client.scanStream({ match: pattern, count: 1_000 });
}
