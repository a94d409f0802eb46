import { type FoundContainer, publishedOf } from '../containers/runtime/objects.ts';
import { requireForwarded } from '../containers/runtime/ssh/forwarded-ports.ts';
import { SandboxError } from '../core/errors.ts';
import { splitByCapability } from '../engines/contract/lacks.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { loadEngines } from '../engines/load-engines.ts';
import { monitoringContainers } from '../stack/remove/monitoring-containers.ts';
import { stackIdentity } from '../stack/state/stack-identity.ts';
import { readState } from '../stack/state/stack-state.ts';
import { addressOf, askPrometheus } from './addresses.ts';
import { alertmanagerPort, prometheusPort } from './programs.ts';

/** How the monitoring of a stack is, as Prometheus itself says. */
export interface MonitorStatus {
  readonly version: 1;
  readonly stack: string;
  /** On the loopback address. */
  readonly prometheus: string;
  readonly alertmanager: string;
  /** What is scraped: `unknown` until the first scrape. */
  readonly targets: readonly Target[];
  /** Alerts that are pending or firing. */
  readonly alerts: readonly Alert[];
  /** Engines of the stack that are not watched, and why. */
  readonly notMonitored: readonly { readonly engine: string; readonly reason: string }[];
}

interface Target {
  readonly job: string;
  readonly instance: string;
  readonly health: 'up' | 'down' | 'unknown';
  /** Why the last scrape failed; empty where it did not. */
  readonly lastError: string;
}

interface Alert {
  readonly alert: string;
  readonly instance: string;
  readonly state: 'pending' | 'firing';
  readonly severity: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Throws `STACK_NOT_RUNNING` where nothing watches the stack, and `NODE_NOT_READY` where Prometheus gives no answer. */
export async function monitorStatus(options: {
  readonly directory?: string;
  readonly name?: string;
}): Promise<MonitorStatus> {
  const { directory, name } = stackIdentity(options);
  const [containers, state] = await Promise.all([monitoringContainers(name), readState(directory, name)]);
  const port = hostPort(containers, prometheusPort);
  const alertmanagerHostPort = hostPort(containers, alertmanagerPort);
  await requireForwarded(publishedOf(containers));
  const engines = await loadEngines(Object.keys(state?.engines ?? {}) as EngineName[]);
  const [targets, alerts] = await Promise.all([targetsOf(port), alertsOf(port)]);
  return {
    version: 1,
    stack: name,
    prometheus: addressOf(port),
    alertmanager: addressOf(alertmanagerHostPort),
    targets,
    alerts,
    notMonitored: splitByCapability(engines, 'metrics').unable.map(({ engine, reason }) => ({
      engine: engine.name,
      reason,
    })),
  };
}

/** Ports of the two programs on the loopback address. Throws `STACK_NOT_RUNNING` where nothing watches the stack. */
export async function monitoringPorts(
  stackName: string,
): Promise<{ readonly prometheus: number; readonly alertmanager: number }> {
  const containers = await monitoringContainers(stackName);
  return {
    prometheus: hostPort(containers, prometheusPort),
    alertmanager: hostPort(containers, alertmanagerPort),
  };
}

const names: Readonly<Record<number, string>> = { [prometheusPort]: 'Prometheus', [alertmanagerPort]: 'Alertmanager' };

function hostPort(containers: readonly FoundContainer[], containerPort: number): number {
  const port = containers.find(({ running, hostPorts }) => running && hostPorts[containerPort] !== undefined)
    ?.hostPorts[containerPort];
  if (port !== undefined) return port;
  throw new SandboxError({
    code: 'STACK_NOT_RUNNING',
    message:
      containers.length === 0
        ? 'Nothing watches the stack.'
        : `A part of the stack's monitoring does not run: ${names[containerPort]}.`,
    next: 'Start its monitoring: `npm run sandbox -- monitor up`.',
  });
}

type Labels = Readonly<Record<string, string>>;

async function targetsOf(port: number): Promise<readonly Target[]> {
  const { activeTargets } = await askPrometheus<{
    readonly activeTargets: readonly { labels: Labels; health: Target['health']; lastError: string }[];
  }>(port, 'targets?state=active');
  return activeTargets.map(({ labels, health, lastError }) => ({
    job: labels.job ?? '',
    instance: labels.instance ?? '',
    health,
    lastError,
  }));
}

async function alertsOf(port: number): Promise<readonly Alert[]> {
  const { alerts } = await askPrometheus<{
    readonly alerts: readonly { labels: Labels; state: Alert['state']; activeAt: string }[];
  }>(port, 'alerts');
  return alerts.map(({ labels, state, activeAt }) => ({
    alert: labels.alertname ?? '',
    instance: labels.instance ?? '',
    state,
    severity: labels.severity ?? '',
    since: activeAt,
  }));
}
