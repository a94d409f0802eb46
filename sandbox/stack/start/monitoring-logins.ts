import { labelNames } from '../../containers/runtime/labels.ts';
import { findContainers } from '../../containers/runtime/objects.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { notice, type ProgressListener } from '../../core/progress.ts';
import { withFullStop } from '../../core/text/full-stop.ts';
import { withDeadline } from '../../core/within.ts';
import { type Exporters, hasExporters } from '../../engines/contract/metrics.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { isWatched } from '../remove/monitoring-containers.ts';

/** Servers whose login for their exporters is not what it should be. */
export interface LoginFailure {
  readonly engine: string;
  readonly nodes: readonly string[];
  readonly reason: string;
  /** Whether one of them does not run: it is no failure of ours then. */
  readonly isDown: boolean;
}

/**
 * Makes the logins of exporters, with the passwords that they have, or takes them away, on every server that runs. Returns
 * where that could not be. Nothing is done where a server answers Prometheus itself: its login is in its configuration.
 */
export async function changeMonitoringLogins(
  change: keyof Pick<Exporters, 'grant' | 'revoke'>,
  stackName: string,
  engines: readonly RunningEngine[],
): Promise<readonly LoginFailure[]> {
  const [containers, loaded] = await Promise.all([
    findContainers({ [labelNames.stack]: stackName }),
    loadEngines(engines.map(({ engine }) => engine as EngineName)),
  ]);
  const up = new Set(containers.filter(({ running, paused }) => running && !paused).map(({ id }) => id));
  const stores = engines.flatMap((running, index) => {
    const metrics = loaded[index]?.metrics;
    if (metrics === undefined || !hasExporters(metrics)) return [];
    return (metrics.userStores?.(running) ?? [running]).map((store) => ({ metrics, store }));
  });
  const failures = stores.map(async ({ metrics, store }): Promise<readonly LoginFailure[]> => {
    const nodes = store.nodes.filter(({ containerId }) => up.has(containerId));
    const isDown = nodes.length < store.nodes.length;
    const failure = { engine: store.engine, nodes: store.nodes.map(({ name }) => name), isDown };
    if (nodes.length === 0) return [{ ...failure, reason: 'it does not run' }];
    try {
      await withDeadline(metrics[change]({ ...store, nodes }), deadlineMs('monitoringLogin'));
      return [];
    } catch (thrown) {
      return [{ ...failure, reason: messageOf(thrown) }];
    }
  });
  return (await Promise.all(failures)).flat();
}

/**
 * Makes the logins of exporters again where the stack is watched: new volumes have none, and a restore brings those of its
 * archive. Where that cannot be it is said, and no reason to fail: the data is as it should be.
 */
export async function renewMonitoringLogins(
  stackName: string,
  engines: readonly RunningEngine[],
  progress: ProgressListener,
): Promise<void> {
  if (!(await isWatched(stackName))) return;
  for (const failure of await changeMonitoringLogins('grant', stackName, engines))
    notice(progress, 'warning', withoutLogin(failure));
}

/** For people. */
export function withoutLogin({ nodes, reason }: LoginFailure): string {
  return `The exporter of ${nodes.join(', ')} has no login yet: ${withFullStop(reason)} Once it answers: \`npm run sandbox -- monitor up\`.`;
}
