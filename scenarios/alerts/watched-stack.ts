import { silent } from '../../sandbox/core/progress.ts';
import type { RunningEngine, TopologyName } from '../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { askPrometheus } from '../../sandbox/monitoring/addresses.ts';
import { startMonitoring } from '../../sandbox/monitoring/monitor-stack.ts';
import { monitoringPorts } from '../../sandbox/monitoring/monitor-status.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { prefixed, type SuiteContext } from '../suite-context.ts';
import { type Receiver, startReceiver, webhook } from './receiver.ts';

/** An alert as Prometheus has it. */
export interface SeenAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  /** Since when its expression holds, ISO 8601, by Prometheus's clock. */
  readonly activeAt: string;
}

/** A stack with its monitoring, whose alerts are received here. */
export interface WatchedStack extends AsyncDisposable {
  readonly stack: Stack;
  readonly timeScale: number;
  readonly receiver: Receiver;
  /** Alerts that Prometheus has now, pending and firing. */
  readonly alerts: () => Promise<readonly SeenAlert[]>;
  /** Whether everything that is to be scraped has been, and answered. */
  readonly isScraped: () => Promise<boolean>;
  /** Brings the monitoring back to what it was. */
  readonly restore: () => Promise<void>;
}

/** A throw-away stack of one engine, without data, and what watches it. */
export async function startWatched(
  engine: EngineName,
  topology: TopologyName,
  context: SuiteContext,
  timeScale: number,
): Promise<WatchedStack> {
  const stack = await createStack({
    ...context.stackOptions,
    engines: [engine],
    topologies: { [engine]: topology },
    // Whoever breaks it wants it to stay as it is.
    failover: false,
    size: 'none',
    schema: false,
    connect: false,
    progress: prefixed(context.progress, ['scenarios', 'alerts', engine]),
  });
  try {
    return await watchStack(stack, context, timeScale);
  } catch (thrown) {
    await stack.dispose();
    throw thrown;
  }
}

/** Watches a stack that is there; both go when it is disposed of. */
export async function watchStack(
  stack: Stack,
  { stackOptions, signal }: Pick<SuiteContext, 'stackOptions' | 'signal'>,
  timeScale: number,
): Promise<WatchedStack> {
  const engines = new Map<EngineName, RunningEngine>(
    Object.values(stack.engines).map((running) => [running.engine as EngineName, running]),
  );
  const watch = () =>
    startMonitoring(engines, {
      images: stackOptions.images ?? 'auto',
      timeScale,
      asSpecified: true,
      webhook,
      progress: silent,
      signal,
    });
  await watch();
  const { prometheus } = await monitoringPorts(stack.name);
  const receiver = await startReceiver(stack.name, signal);
  return {
    stack,
    timeScale,
    receiver,
    alerts: async () => (await askPrometheus<{ readonly alerts: readonly SeenAlert[] }>(prometheus, 'alerts')).alerts,
    isScraped: async () => {
      const { activeTargets } = await askPrometheus<{ readonly activeTargets: readonly { health: string }[] }>(
        prometheus,
        'targets?state=active',
      );
      return activeTargets.length > 0 && activeTargets.every(({ health }) => health === 'up');
    },
    restore: watch,
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await stack.dispose();
    },
  };
}
