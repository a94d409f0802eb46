import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon, { type Options, type Result } from 'autocannon';
import { programFile } from '../../sandbox/core/process/program-file.ts';
import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { HttpRequest } from '../../sandbox/engines/contract/bench/query-path.ts';
import { watchClient } from './client-health.ts';
import type { ClosedLoopResult } from './closed-loop.ts';
import { createRecorder, distributionOf, latenciesOf, record } from './latencies.ts';

export interface HttpLoad {
  readonly request: HttpRequest;
  /** Each sends its next request when it has the answer to the last one. */
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/**
 * A closed loop over HTTP by autocannon. Of autocannon only what can be trusted is used: its clients and the latency of
 * each response, a fraction of a millisecond, into a histogram of ours. Not used are its own histogram (whole
 * milliseconds), rates and with them its correction for coordinated omission (which assumes a millisecond apart),
 * `overallRate` (which sends a second's requests in its first quarter) and workers (which multiply rates).
 * Throws where a response is no success: figures of errors are worth nothing.
 */
export async function measureHttp(load: HttpLoad): Promise<ClosedLoopResult> {
  const { url, method, headers, body } = load.request;
  const recorder = createRecorder();
  let refused: number | undefined;
  let judge = watchClient();
  let beganMs = Number.POSITIVE_INFINITY;
  let endedMs = 0;
  const ended = Promise.withResolvers<Result>();
  const options: Options = {
    url,
    method,
    headers: { ...headers },
    ...withoutUndefined({ body }),
    connections: load.connections,
    pipelining: 1,
    // In whole seconds; it is stopped earlier.
    duration: Math.ceil((load.warmUpMs + load.measureMs) / 1_000) + 1,
    timeout: 10,
    workers: 0,
  };
  const running = autocannon(options, (thrown, result) => (thrown ? ended.reject(thrown) : ended.resolve(result)));
  const startMs = performance.now();
  running.on('response', (_client, statusCode, _bytes, latencyMs) => {
    const nowMs = performance.now();
    if (statusCode >= 400) refused ??= statusCode;
    if (nowMs - startMs < load.warmUpMs || nowMs - startMs > load.warmUpMs + load.measureMs) return;
    if (beganMs === Number.POSITIVE_INFINITY) {
      beganMs = nowMs;
      judge = watchClient();
    } else record(recorder, latencyMs);
    endedMs = nowMs;
  });
  const stopping = setTimeout(() => running.stop(), load.warmUpMs + load.measureMs);
  const { errors } = await ended.promise;
  clearTimeout(stopping);
  if (refused !== undefined) throw new Error(`${method} ${url} answered ${refused} under load`);
  if (errors > 0) throw new Error(`${method} ${url}: ${errors} requests failed under load`);
  const latencies = latenciesOf(recorder, endedMs - beganMs);
  return { latencies, distribution: distributionOf(recorder), client: judge() };
}

/**
 * {@link measureHttp} of a route, then of one that does nothing, in a process of its own, with the same request: what
 * the client and the way there cost, which no store is to blame for.
 */
export async function measureHttpBesideNoOp(
  load: HttpLoad,
): Promise<{ readonly route: ClosedLoopResult; readonly noOp: ClosedLoopResult }> {
  const route = await measureHttp(load);
  const server = fork(programFile(import.meta, 'no-op-http'));
  try {
    const [port] = (await once(server, 'message')) as [number];
    // The key of a store is nobody else's.
    const headers = { 'content-type': load.request.headers['content-type'] ?? 'application/json' };
    const noOp = await measureHttp({
      ...load,
      request: { ...load.request, url: `http://127.0.0.1:${port}/`, headers },
    });
    return { route, noOp };
  } finally {
    server.disconnect();
  }
}
