import type { ResolvedImage } from '../containers/images/image-spec.ts';
import type { ImageRequest } from '../containers/images/images.ts';
import type { NodeHandle } from '../containers/nodes/node-spec.ts';
import type { EngineWith } from '../engines/contract/engine.ts';
import { splitByCapability } from '../engines/contract/lacks.ts';
import { hasExporters } from '../engines/contract/metrics.ts';
import type { RunningEngine } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { loadEngines } from '../engines/load-engines.ts';
import { monitoringContainers } from '../stack/remove/monitoring-containers.ts';
import { createPortChooser, freePortCheck } from '../stack/state/host-ports.ts';
import { portsOfOthers } from '../stack/state/others-ports.ts';
import { publishers, servedFile } from '../stack/state/published-metrics.ts';
import type { Part } from './parts.ts';
import {
  alertmanager,
  alertmanagerNode,
  alertmanagerPort,
  type ProgramOptions,
  prometheus,
  prometheusNode,
  prometheusPort,
} from './programs.ts';
import { sourceOf } from './source-of.ts';
import type { JobTargets } from './targets.ts';

/** An engine of the stack that can be watched. */
export interface Watched {
  readonly engine: EngineWith<'metrics'>;
  readonly running: RunningEngine;
}

/** Those of these engines that can be watched. */
export async function watchedOf(engines: ReadonlyMap<EngineName, RunningEngine>): Promise<readonly Watched[]> {
  const { able } = splitByCapability(await loadEngines([...engines.keys()]), 'metrics');
  return able.map((engine) => ({ engine, running: engines.get(engine.name) as RunningEngine }));
}

const exporterImage = (engine: string) => `${engine}-exporter`;

/** Images of all that watches these engines. */
export function imagesFor(watched: readonly Watched[]): readonly ImageRequest[] {
  const exporters = watched.flatMap(({ engine: { name, metrics } }) =>
    hasExporters(metrics) ? [{ engine: exporterImage(name), spec: metrics.image }] : [],
  );
  return [prometheus, alertmanager, ...exporters];
}

interface Planned {
  /** What is to run. */
  readonly parts: readonly Part[];
  /** What Prometheus is to scrape. */
  readonly targets: readonly JobTargets[];
  /** Ends the claim to the ports of the parts: they are published, or will not be. */
  readonly letGoOfPorts: () => void;
}

/** What watches these engines. */
export async function planned(
  beside: NodeHandle,
  watched: readonly Watched[],
  images: ReadonlyMap<string, ResolvedImage>,
  programs: ProgramOptions,
): Promise<Planned> {
  const imageOf = (name: string) => images.get(name) as ResolvedImage;
  const { hostPort, letGoOfPorts } = await portsOf(beside.network);
  const sources = watched.map(({ engine, running }) => ({ engine: engine.name, ...sourceOf(engine.metrics, running) }));
  const engines = watched.map(({ engine }) => engine.name);
  const own = [
    { spec: prometheusNode(engines, tokensOf(watched), programs), port: prometheusPort, image: prometheus.engine },
    { spec: alertmanagerNode(programs), port: alertmanagerPort, image: alertmanager.engine },
  ];
  const parts = [
    ...sources.flatMap(({ engine, exporters }) =>
      exporters.map((spec): Part => ({ spec, image: imageOf(exporterImage(engine)), hostPorts: {} })),
    ),
    ...own.map(
      ({ spec, port, image }): Part => ({ spec, image: imageOf(image), hostPorts: { [port]: hostPort(port) } }),
    ),
  ];
  const targets = [...sources.map((source) => source.targets), publishedTargets(beside.network)];
  return { parts, targets, letGoOfPorts };
}

/** Of the servers that answer themselves, what they are shown, by job. */
function tokensOf(watched: readonly Watched[]): Readonly<Record<string, string>> {
  const tokens = watched.map(({ engine: { metrics }, running }) =>
    hasExporters(metrics) ? [] : [[metrics.job, metrics.token(running)] as const],
  );
  return Object.fromEntries(tokens.flat());
}

/** What the sandbox publishes of the stack, which Prometheus serves to itself. */
function publishedTargets(stackName: string): JobTargets {
  return {
    job: 'sandbox',
    targets: publishers.map((source) => ({
      targets: [`localhost:${prometheusPort}`],
      labels: { __metrics_path__: `/user/${servedFile(source)}`, instance: stackName, source },
    })),
  };
}

/** Ports on the loopback address: those that the containers have, if there are any, and free ones otherwise. */
async function portsOf(stackName: string) {
  const found = await monitoringContainers(stackName);
  const known = Object.assign({}, ...found.map(({ hostPorts }) => hostPorts)) as Readonly<Record<number, number>>;
  const own = new Set(found.map(({ id }) => id));
  const chooser = createPortChooser({
    name: `${stackName}-monitoring`,
    isFree: await freePortCheck(stackName),
    others: () => portsOfOthers({ container: ({ id }) => own.has(id) }),
  });
  const chosen: Record<number, number> = {};
  for (const port of [prometheusPort, alertmanagerPort]) {
    chosen[port] = known[port] ?? (await chooser.choose(`monitoring:${port}`));
  }
  return {
    hostPort: (containerPort: number) => chosen[containerPort] ?? 0,
    letGoOfPorts: () => chooser.letGo(['monitoring']),
  };
}
