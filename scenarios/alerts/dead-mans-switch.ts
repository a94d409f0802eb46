import assert from 'node:assert';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { killMonitoring } from '../../sandbox/engines/shared/metrics/alert-causes.ts';
import { readAlertmanagerFile } from '../../sandbox/monitoring/alertmanager-file.ts';
import { prometheus, resendDelay } from '../../sandbox/monitoring/programs.ts';
import { durationMs } from '../../sandbox/monitoring/scaled-duration.ts';
import type { Measures } from '../run-case.ts';
import { discoveryMs, machineMs, timesOf } from './bounds.ts';
import { monitoring } from './monitoring-drills.ts';
import type { WatchedStack } from './watched-stack.ts';

const deadMansSwitch = 'DeadMansSwitch';

/** What it is told by: the end of an alert, where other drills make one. */
export const killedPrometheus = { about: monitoring, alert: deadMansSwitch, cause: 'Prometheus is killed' } as const;

/**
 * The alert that always fires: Prometheus is killed, and whoever is told of alerts hears that this one is over, which is
 * what raises theirs; once Prometheus is back it is heard again. Times are in milliseconds.
 */
export async function runDeadMansSwitch(watched: WatchedStack, measures: Measures, signal: AbortSignal): Promise<void> {
  const { receiver, stack, timeScale } = watched;
  const times = timesOf({}, timeScale, { leadMs: discoveryMs, tailMs: discoveryMs });
  const groupIntervalMs = durationMs(readAlertmanagerFile().route.group_interval) / timeScale;
  // Alertmanager takes an alert for over that was not repeated for four times this (Prometheus, `rules/manager.go`).
  const silentBoundMs = (4 * durationMs(resendDelay)) / timeScale + groupIntervalMs;
  const until = (status: 'firing' | 'resolved', sinceMs: number, boundMs: number) =>
    poll(
      () =>
        receiver.received.find(
          (each) => each.labels.alertname === deadMansSwitch && each.status === status && each.atMs >= sinceMs,
        )?.atMs,
      {
        timeoutMs: 2 * boundMs + deadlineMs('topologyConverged'),
        signal,
        onTimeout: () => new assert.AssertionError({ message: `nobody was told that ${deadMansSwitch} is ${status}` }),
      },
    );
  await until('firing', 0, times.fireBoundMs);
  const causedAtMs = performance.now();
  const start = await killMonitoring(stack.name, prometheus.engine);
  const silentAtMs = await until('resolved', causedAtMs, silentBoundMs);
  await start();
  const healedAtMs = performance.now();
  const heardAtMs = await until('firing', healedAtMs, times.clearBoundMs);
  Object.assign(measures, {
    receivedMs: Math.round(silentAtMs - causedAtMs),
    receivedBoundMs: Math.round(silentBoundMs),
    clearedMs: Math.round(heardAtMs - healedAtMs),
    clearedBoundMs: Math.round(times.clearBoundMs),
  });
  assert.ok(silentAtMs - causedAtMs <= silentBoundMs + machineMs, 'its end was received too late');
  assert.ok(heardAtMs - healedAtMs <= times.clearBoundMs + machineMs, 'it was received again too late');
}
