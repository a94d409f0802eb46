import { messageOf } from '../../core/errors.ts';
import type { Insight, Watch } from '../../engines/contract/insight.ts';
import type { Place } from '../../engines/contract/isolation.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import {
  type Finding,
  findingsOf,
  type InsightOptions,
  type NotLookedAt,
  type QueryReport,
} from '../insight/findings.ts';
import { messageBytesMax } from './protocol/messages.ts';

/** The queries of one lease, which are watched until it ends. */
export interface WatchedQueries {
  /** Before anybody has the place. What cannot be watched is said in the report, and is no reason to be without a store. */
  readonly begin: (engine: string, place: Place) => Promise<void>;
  /** What is to be said of them. A second time: nothing. */
  readonly end: () => Promise<QueryReport>;
}

/** Most findings of a lease: a page of them says enough. */
const findingsMax = 50;

/** Bytes of them, whatever they are written in: the report is one message, with room for what was not looked at. */
const findingsBytesMax = messageBytesMax / 2;

export function watchQueries(
  engineOf: (name: string) => Promise<{ readonly insight: Insight | string; readonly running: RunningEngine }>,
  thresholds: Required<InsightOptions>,
): WatchedQueries {
  const watches = new Map<string, Watch>();
  const notRun: NotLookedAt[] = [];
  let last: Promise<unknown> = Promise.resolve();
  return { begin, end };

  async function begin(engine: string, place: Place): Promise<void> {
    try {
      const { insight, running } = await engineOf(engine);
      if (typeof insight === 'string') notRun.push({ engine, reason: insight });
      else watches.set(engine, await insight.watch(running, place));
    } catch (thrown) {
      notRun.push({ engine, reason: messageOf(thrown) });
    }
  }

  /** Whoever asks again waits for the first end too. */
  function end(): Promise<QueryReport> {
    const ending = last.then(endNow);
    last = ending.catch(() => {});
    return ending;
  }

  async function endNow(): Promise<QueryReport> {
    const ended = [...watches];
    watches.clear();
    const findings: Finding[] = [];
    for (const [engine, watch] of ended) {
      try {
        findings.push(...findingsOf(engine, await watch.queries(), thresholds));
      } catch (thrown) {
        notRun.push({ engine, reason: messageOf(thrown) });
      } finally {
        await watch[Symbol.asyncDispose]();
      }
    }
    return { findings: fitting(findings.slice(0, findingsMax)), notRun: notRun.splice(0) };
  }
}

function fitting(findings: readonly Finding[]): readonly Finding[] {
  let bytes = 0;
  const beyond = findings.findIndex((finding) => {
    bytes += Buffer.byteLength(JSON.stringify(finding));
    return bytes > findingsBytesMax;
  });
  return beyond === -1 ? findings : findings.slice(0, beyond);
}
