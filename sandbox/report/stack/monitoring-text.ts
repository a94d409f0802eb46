import type { MonitorStatus } from '../../monitoring/monitor-status.ts';
import type { Colors } from '../colors.ts';
import { left } from '../columns.ts';
import { formatTable } from '../table.ts';

/** What is watched and what is alerted, as tables, and where the pages are. */
export function formatMonitoring(status: MonitorStatus, colors: Colors): string {
  const targets = status.targets.map(({ job, instance, health, lastError }) => [job, instance, health, lastError]);
  const alerts = status.alerts.map(({ alert, instance, severity, state, since }) => [
    alert,
    instance,
    severity,
    state,
    since,
  ]);
  const notes = status.notMonitored.map(({ engine, reason }) => `not-run  ${engine}: ${reason}\n`);
  return [
    formatTable(left('job', 'instance', 'health', 'last error'), targets, colors),
    formatTable(left('alert', 'instance', 'severity', 'state', 'since'), alerts, colors),
    ...notes,
    `Prometheus ${status.prometheus}, Alertmanager ${status.alertmanager}\n`,
  ].join('\n');
}
