import type { NodeSpec } from '../containers/nodes/node-spec.ts';
import { hasExporters, type Metrics } from '../engines/contract/metrics.ts';
import type { RunningEngine } from '../engines/contract/topology.ts';
import type { JobTargets } from './targets.ts';

/** What is started beside the nodes of one engine, and what is scraped of each. */
export function sourceOf(
  metrics: Metrics,
  running: RunningEngine,
): { readonly exporters: readonly NodeSpec[]; readonly targets: JobTargets } {
  const scraped = running.nodes.map((node) => {
    if (!hasExporters(metrics)) return { node, address: `${node.name}:${metrics.port}`, exporters: [] };
    const { spec, port } = metrics.exporterOf(running, node);
    return { node, address: `${spec.name}:${port}`, exporters: [spec] };
  });
  const targets = scraped.map(({ node, address }) => ({
    targets: [address],
    // Figures of a stand-in are of another program than the engine's own.
    labels: { instance: node.name, engine: running.engine, origin: running.image.origin },
  }));
  return { exporters: scraped.flatMap(({ exporters }) => exporters), targets: { job: metrics.job, targets } };
}
