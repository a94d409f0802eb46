import nodeModule from 'node:module';
import { dirname, extname, join } from 'node:path';
import { Piscina } from 'piscina';
import type { Answer, RowRequest } from './row-worker.ts';

/** A worker without work ends after this: the loads of one stack follow each other faster. */
const idleMs = 2_000;

/** Heap of a worker at most: it holds a few batches, and two tables for each rank. 32 of old are too few for 100,000,000 users. */
const workerHeapMb = { old: 96, young: 8 } as const;

/** Pools by their number of workers: all datasets of a process share them. */
const pools = new Map<number, Piscina<RowRequest, unknown>>();

/** Workers where none are asked for. Two make rows faster than any store of a machine takes them in (docs/dataset.md). */
export const defaultWorkers = 2;

/** Workers that make rows. They are started when work comes and end when none does; none keeps the process alive. */
export function rowPool(workers: number): Piscina<RowRequest, unknown> {
  let pool = pools.get(workers);
  if (pool === undefined) {
    pool = new Piscina<RowRequest, unknown>({
      filename: join(import.meta.dirname, `row-worker${extname(import.meta.filename)}`),
      minThreads: 0,
      maxThreads: workers,
      idleTimeout: idleMs,
      // Between two tasks a worker waits for messages instead of blocking its thread: it ends at once when told so.
      atomics: 'disabled',
      recordTiming: false,
      // The next batch waits in the worker: to be handed it only when it has ended the last one costs it a fifth of its time.
      concurrentTasksPerWorker: 2,
      env: environmentOfWorkers(),
      resourceLimits: { maxOldGenerationSizeMb: workerHeapMb.old, maxYoungGenerationSizeMb: workerHeapMb.young },
    });
    pools.set(workers, pool);
  }
  return pool;
}

/**
 * A worker takes the modules from this process's cache of compiled ones, where it has such a cache. Otherwise each worker
 * loads what strips types from them, which takes 19 MB (docs/loading.md).
 */
function environmentOfWorkers(): NodeJS.ProcessEnv {
  const versionDirectory = nodeModule.getCompileCacheDir();
  if (versionDirectory === undefined) return process.env;
  nodeModule.flushCompileCache();
  return { ...process.env, NODE_COMPILE_CACHE: dirname(versionDirectory) };
}

/**
 * Runs one function of `row-worker.ts` on one of so many workers.
 * What it answered is taken out of the message. The pool's record of a task, which waits through two collections of what
 * is young and so counts as lasting, points to the message, and would keep all of its rows until everything is collected:
 * 40 such collections instead of 2 for 840,000 cache entries.
 */
export async function runOnWorker<Value>(
  workers: number,
  task: (request: RowRequest) => Answer<Value>,
  request: RowRequest,
): Promise<Value> {
  const pool = rowPool(workers);
  const { name } = task;
  try {
    const answer = (await pool.run(request, { name })) as Answer<Value>;
    const { value } = answer;
    answer.value = undefined;
    return value as Value;
  } catch (thrown) {
    // Where its only worker has ended, a pool starts another one for a new task alone: what is queued would wait forever.
    pool.run({ ...request, count: 0 }, { name }).catch(() => {});
    throw thrown;
  }
}
