import { checked, execInNode } from '../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import type { EngineWith } from '../../sandbox/engines/contract/engine.ts';
import { alertsAbout } from '../../sandbox/monitoring/prometheus-files.ts';
import { writeTargets } from '../../sandbox/monitoring/targets.ts';
import { servedFile, servedFolder, serveMetrics, servingNode } from '../../sandbox/stack/state/published-metrics.ts';
import { discoveryMs, staleIntervals } from './bounds.ts';
import { type Drill, ruleOf } from './drills.ts';

/** What stands in results for what is about no engine. */
export const monitoring = 'monitoring';

/** Causes that are the monitoring's own, on a stack of this engine. */
export function monitoringDrills({ name, metrics }: EngineWith<'metrics'>): readonly Drill[] {
  const rules = alertsAbout([name]);
  const own = (alert: string) => ({
    about: monitoring,
    topology: 'standalone' as const,
    alert,
    rule: ruleOf(rules, alert, name),
    mustFire: true,
  });
  return [
    {
      ...own('ExporterDown'),
      cause: 'what the sandbox publishes is gone',
      instance: (stack) => stack.name,
      make: async ({ stack }) => {
        const [found] = await findContainers({ [labelNames.beside]: stack.name, [labelNames.node]: servingNode });
        const node = { name: servingNode, containerId: found?.id ?? '' };
        const file = `${servedFolder}/${servedFile('backup')}`;
        checked(await execInNode(node, ['rm', file], { user: '0' }), 'removing what is published');
        return () => serveMetrics(stack.name, [{ name: 'backup', content: '' }]);
      },
    },
    {
      ...own('TargetMissing'),
      cause: 'a job has no target any more',
      instance: () => undefined,
      leadMs: discoveryMs,
      leadIntervals: staleIntervals,
      tailMs: discoveryMs,
      make: async ({ stack, restore }) => {
        await writeTargets(stack.name, [{ job: metrics.job, targets: [] }]);
        return restore;
      },
    },
  ];
}
