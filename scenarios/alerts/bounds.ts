import { scaledDeadlineMs } from '../../sandbox/core/deadlines.ts';
import { readAlertmanagerFile } from '../../sandbox/monitoring/alertmanager-file.ts';
import { type Rule, scrapeTimesMs } from '../../sandbox/monitoring/prometheus-files.ts';
import { durationMs } from '../../sandbox/monitoring/scaled-duration.ts';

/** What a busy machine may be late by beside the intervals, in milliseconds: scrapes are missed, programs wait for a processor. */
export const machineMs = scaledDeadlineMs(10_000);

/** Prometheus takes targets and Alertmanagers in so often, whatever the intervals, in milliseconds (`discovery/manager.go`). */
export const discoveryMs = 5_000;

/** How much longer than one scrape interval series stay of a target that is gone: two and a tenth (`scrape.go`, `endOfRunStaleness`). */
export const staleIntervals = 1.1;

/** What comes on top of the intervals that every alert waits for. */
interface Delays {
  readonly leadMs?: number | undefined;
  /** The same in scrape intervals. */
  readonly leadIntervals?: number | undefined;
  readonly tailMs?: number | undefined;
  /** Ranges of the rule that have to be filled, and to be left behind. */
  readonly leadRange?: string | undefined;
  readonly tailRange?: string | undefined;
}

/** Times of one alert in milliseconds, as the intervals of the files make them. */
export interface AlertTimes {
  /** `for` of the rule: it cannot fire sooner. */
  readonly forMs: number;
  /** From the cause to its notification at most. */
  readonly fireBoundMs: number;
  /** From the healing to its notification at most. */
  readonly clearBoundMs: number;
  /** Between two looks at the rules, scrapes included: whoever waits that long has seen what they see. */
  readonly lookMs: number;
}

/**
 * The next scrape is an interval away and may take its time-out; rules are evaluated an interval later, for as many whole
 * intervals as `for` is long; Alertmanager waits `group_wait` with the first of a group, and `group_interval` with what
 * follows (Prometheus and Alertmanager documentation, "Configuration").
 */
export function timesOf(
  rule: Pick<Rule, 'for'>,
  timeScale: number,
  { leadMs = 0, leadIntervals = 0, tailMs = 0, leadRange = '0s', tailRange = '0s' }: Delays = {},
): AlertTimes {
  const { route } = readAlertmanagerFile();
  const scaled = (text: string) => durationMs(text) / timeScale;
  const { intervalMs, timeoutMs, evaluationMs } = scrapeTimesMs(timeScale);
  const forMs = scaled(rule.for ?? '0s');
  const lookMs = intervalMs + timeoutMs + evaluationMs;
  const pendingMs = Math.ceil(forMs / evaluationMs) * evaluationMs;
  return {
    forMs,
    lookMs,
    fireBoundMs:
      leadMs + scaled(leadRange) + leadIntervals * intervalMs + lookMs + pendingMs + scaled(route.group_wait),
    clearBoundMs: tailMs + scaled(tailRange) + lookMs + scaled(route.group_interval),
  };
}
