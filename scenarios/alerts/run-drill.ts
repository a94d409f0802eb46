import assert from 'node:assert';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { fatal, poll } from '../../sandbox/core/poll.ts';
import { asSpecifiedName } from '../../sandbox/monitoring/prometheus-files.ts';
import type { Measures } from '../run-case.ts';
import { type AlertTimes, machineMs, timesOf } from './bounds.ts';
import type { Drill } from './drills.ts';
import type { SeenAlert, WatchedStack } from './watched-stack.ts';

/** Alerts that a stack has while all is well. */
const always = ['DeadMansSwitch'];

/**
 * Makes the cause of an alert, holds to their bounds that it is pending, fires and is received, heals, and holds to its bound
 * that its end is received. An alert that must stay silent is watched for as long as it would have needed.
 * Times in `measures` are in milliseconds, from the cause and from the healing. Throws an `AssertionError` for a finding.
 */
export async function runDrill(drill: Drill, watched: WatchedStack, measures: Measures, signal: AbortSignal) {
  const times = timesOf(drill.rule, watched.timeScale, drill);
  const seen = watchAlerts(drill, watched, signal);
  await seen.untilQuiet(times.clearBoundMs);
  const beganAtMs = performance.now();
  const heal = await drill.make(watched, signal);
  const causedAtMs = performance.now();
  try {
    if (drill.mustFire) {
      const pending = await seen.untilState('pending', times.fireBoundMs);
      const firing = await seen.untilState('firing', times.fireBoundMs);
      const received = await seen.untilReceived('firing', beganAtMs, times.fireBoundMs);
      Object.assign(measures, {
        pendingMs: Math.round(pending.atMs - causedAtMs),
        firingMs: Math.round(firing.atMs - causedAtMs),
        receivedMs: Math.round(received.atMs - causedAtMs),
        receivedBoundMs: Math.round(times.fireBoundMs),
      });
      requireWithin('fires', received.atMs - causedAtMs, times.fireBoundMs);
      requireNotBefore(Date.parse(received.startsAt) - Date.parse(pending.activeAt), times.forMs);
    } else await seen.silentFor(times.fireBoundMs);
    await judgeSpecified(drill, seen, times, measures);
  } finally {
    await heal();
  }
  const healedAtMs = performance.now();
  if (drill.mustFire) {
    const cleared = await seen.untilReceived('resolved', causedAtMs, times.clearBoundMs);
    Object.assign(measures, {
      clearedMs: Math.round(cleared.atMs - healedAtMs),
      clearedBoundMs: Math.round(times.clearBoundMs),
    });
    requireWithin('is over', cleared.atMs - healedAtMs, times.clearBoundMs);
  }
  await seen.untilQuiet(times.clearBoundMs);
  const others = seen.othersReceived(beganAtMs);
  if (others.length > 0) measures.alsoReceived = others.join(', ');
}

function requireWithin(what: string, tookMs: number, boundMs: number): void {
  const [took, bound] = [tookMs, boundMs].map((ms) => (ms / 1_000).toFixed(1));
  assert.ok(
    tookMs <= boundMs + machineMs,
    `the alert ${what} after ${took} s: at most ${bound} s follow from the files`,
  );
}

/** Both times are Prometheus's own. */
function requireNotBefore(pendingMs: number, forMs: number): void {
  const [took, least] = [pendingMs, forMs].map((ms) => (ms / 1_000).toFixed(1));
  assert.ok(pendingMs >= forMs, `the alert was pending for ${took} s: its rule says ${least} s`);
}

/** The control: what the specification's expression makes of the same cause. */
async function judgeSpecified(
  { asSpecified, alert }: Drill,
  seen: ReturnType<typeof watchAlerts>,
  { lookMs, fireBoundMs }: AlertTimes,
  measures: Measures,
): Promise<void> {
  if (asSpecified === undefined) return;
  // On a busy machine a scrape is missed, and it is pending from the beginning again.
  const fires = await seen.specifiedFires(asSpecified === 'fires' ? fireBoundMs + machineMs : lookMs);
  measures.asSpecified = fires ? 'fires' : 'misses';
  if (asSpecified === 'varies') return;
  assert.equal(fires, asSpecified === 'fires', `the specification's ${alert} ${fires ? 'fires' : 'misses it'}`);
}

/** Looks at one alert, in Prometheus and where alerts are received. */
function watchAlerts({ alert, instance, rule }: Drill, watched: WatchedStack, signal: AbortSignal) {
  const { receiver, stack } = watched;
  const meant = instance(stack);
  const engine = rule.labels?.engine;
  const isMeant = (labels: SeenAlert['labels'], name = alert) =>
    labels.alertname === name &&
    (meant === undefined || labels.instance === meant) &&
    (name !== alert || engine === undefined || labels.engine === engine);
  const until = <Value>(what: string, boundMs: number, attempt: () => Promise<Value | undefined | false>) =>
    poll(attempt, {
      // Late is a finding of its own, with the time that it took.
      timeoutMs: 2 * boundMs + deadlineMs('topologyConverged'),
      intervalMs: 50,
      signal,
      onTimeout: (_, elapsedMs) =>
        new assert.AssertionError({ message: `${what} within ${(elapsedMs / 1_000).toFixed(0)} s` }),
    });
  const find = async (name = alert) => (await watched.alerts()).find(({ labels }) => isMeant(labels, name));
  return {
    /** Everything is scraped, and nothing is pending or firing. */
    untilQuiet: (boundMs: number) =>
      until('there are alerts, or targets that do not answer,', boundMs, async () => {
        const alerts = await watched.alerts();
        const isQuiet = alerts.every(({ labels }) => always.includes(labels.alertname ?? ''));
        // Before the first evaluation there is none at all.
        return isQuiet && alerts.length > 0 && (await watched.isScraped());
      }),
    untilState: (state: SeenAlert['state'], boundMs: number) =>
      until(`${alert} is not ${state}`, boundMs, async () => {
        const found = await find();
        return found?.state === state && { atMs: performance.now(), activeAt: found.activeAt };
      }),
    untilReceived: (status: 'firing' | 'resolved', sinceMs: number, boundMs: number) =>
      until(`nobody was told that ${alert} is ${status}`, boundMs, async () =>
        receiver.received.find((each) => each.status === status && each.atMs >= sinceMs && isMeant(each.labels)),
      ),
    /** Throws as soon as the alert is pending. */
    silentFor: async (durationMs: number) => {
      const endMs = performance.now() + durationMs;
      await until(`${alert} is watched`, durationMs, async () => {
        const found = await find();
        if (found !== undefined)
          throw fatal(new assert.AssertionError({ message: `${alert} is ${found.state}, and all is well` }));
        return performance.now() >= endMs;
      });
    },
    /** Whether the specification's alert fires now or within so many milliseconds. */
    specifiedFires: async (withinMs: number) => {
      const endMs = performance.now() + withinMs;
      const state = await until('the specified alert is looked at', withinMs, async () => {
        const found = await find(asSpecifiedName(alert));
        return found?.state === 'firing' ? 'firing' : performance.now() >= endMs && 'silent';
      });
      return state === 'firing';
    },
    othersReceived: (sinceMs: number) => {
      const names = receiver.received
        .filter(({ status, atMs, labels }) => status === 'firing' && atMs >= sinceMs && !isMeant(labels))
        .map(({ labels }) => labels.alertname ?? '')
        .filter((name) => !always.includes(name) && name !== asSpecifiedName(alert));
      return [...new Set(names)];
    },
  };
}
