import type { ImagePolicy, ResolvedImage } from '../containers/images/image-spec.ts';
import { resolveImages } from '../containers/images/images.ts';
import type { NodeHandle } from '../containers/nodes/node-spec.ts';
import { removeContainer } from '../containers/nodes/nodes.ts';
import type { DockerInstall } from '../containers/runtime/find/docker-install.ts';
import { deadlineMs } from '../core/deadlines.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import { type ProgressListener, runTask, silent } from '../core/progress.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { EngineWith } from '../engines/contract/engine.ts';
import { splitByCapability } from '../engines/contract/lacks.ts';
import { type Exporters, hasExporters } from '../engines/contract/metrics.ts';
import { firstNode, type RunningEngine } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { loadEngines } from '../engines/load-engines.ts';
import { attachStack } from '../stack/attach/attach-stack.ts';
import { monitoringContainers } from '../stack/remove/monitoring-containers.ts';
import { createPortChooser, freePortCheck } from '../stack/state/host-ports.ts';
import {
  type PublishedMetrics,
  publishedMetrics,
  publishers,
  servedFile,
  serveMetrics,
} from '../stack/state/published-metrics.ts';
import { stackIdentity } from '../stack/state/stack-identity.ts';
import { withStackLock } from '../stack/state/stack-lock.ts';
import { readState } from '../stack/state/stack-state.ts';
import { askReady } from './addresses.ts';
import { type Part, reconcileParts } from './parts.ts';
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
import { type JobTargets, writeTargets } from './targets.ts';

interface Meant {
  readonly directory?: string;
  readonly name?: string;
}

export interface MonitorOptions extends Meant {
  readonly images: ImagePolicy;
  readonly install?: DockerInstall;
  /** How many times faster time runs in intervals, durations and ranges of the rules. Default: 1. */
  readonly timeScale?: number;
  /** Whether the specification's rules are evaluated too, under names that end in `AsSpecified`. Default: false. */
  readonly asSpecified?: boolean;
  /** Address that Alertmanager sends alerts to, as seen from its container. Default: nowhere. */
  readonly webhook?: string;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** An engine of the stack that can be watched. */
interface Watched {
  readonly engine: EngineWith<'metrics'>;
  readonly running: RunningEngine;
}

/**
 * Starts Prometheus, Alertmanager and an exporter for each node of the running stack, or brings them in line with the nodes
 * that there are now: what is as it should be goes on. Engines without metrics are left out, and `monitorStatus` says why.
 * Throws `STACK_NOT_RUNNING`, `IMAGE_UNAVAILABLE`, `NODE_NOT_READY`.
 */
export async function monitorStack(options: MonitorOptions): Promise<void> {
  const { directory, name } = stackIdentity(options);
  const progress = options.progress ?? silent;
  await withStackLock(
    directory,
    name,
    async () => {
      const { engines } = await attachStack({ directory, name });
      const published = () => publishedMetrics({ directory, name });
      await startMonitoring(engines, { ...options, published, progress });
    },
    options.signal,
  );
}

/** {@link monitorStack} of engines that are at hand: of a throw-away stack too. */
export async function startMonitoring(
  engines: ReadonlyMap<EngineName, RunningEngine>,
  options: Omit<MonitorOptions, keyof Meant> & {
    /** What was published of the stack so far, asked once Prometheus runs. Default: nothing. */
    readonly published?: () => Promise<readonly PublishedMetrics[]>;
    readonly progress: ProgressListener;
  },
): Promise<void> {
  const watched = await watchedOf(engines);
  const [first] = engines.values();
  if (first === undefined) throw new Error('a stack has an engine');
  const beside = firstNode(first);
  await runTask(options.progress, ['monitoring'], async () => {
    const images = await imagesOf(watched, options);
    await inEachLoginStore(watched, (exporters, running) => exporters.grant(running));
    const { parts, targets } = await planned(beside, watched, images, {
      timeScale: options.timeScale ?? 1,
      asSpecified: options.asSpecified ?? false,
      webhook: options.webhook,
    });
    await reconcileParts(beside, parts);
    // Not before: images take minutes, in which a backup may have been made.
    await serveMetrics(beside.network, (await options.published?.()) ?? []);
    await writeTargets(beside.network, targets);
    await Promise.all(
      parts.flatMap(({ hostPorts }) => Object.values(hostPorts)).map((port) => untilReady(port, options.signal)),
    );
  });
}

/** Where a server answers itself, its login is in its configuration. */
async function inEachLoginStore(
  watched: readonly Watched[],
  work: (exporters: Exporters, running: RunningEngine) => Promise<void>,
): Promise<void> {
  await Promise.all(
    watched.map(async ({ engine: { metrics }, running }) => {
      if (hasExporters(metrics)) await work(metrics, running);
    }),
  );
}

async function watchedOf(engines: ReadonlyMap<EngineName, RunningEngine>): Promise<readonly Watched[]> {
  const { able } = splitByCapability(await loadEngines([...engines.keys()]), 'metrics');
  return able.map((engine) => ({ engine, running: engines.get(engine.name) as RunningEngine }));
}

const exporterImage = (engine: string) => `${engine}-exporter`;

async function imagesOf(watched: readonly Watched[], options: Omit<MonitorOptions, keyof Meant>) {
  const exporters = watched.flatMap(({ engine: { name, metrics } }) =>
    hasExporters(metrics) ? [{ engine: exporterImage(name), spec: metrics.image }] : [],
  );
  return resolveImages([prometheus, alertmanager, ...exporters], {
    policy: options.images,
    progress: options.progress ?? silent,
    ...withoutUndefined({ install: options.install, signal: options.signal }),
  });
}

/** What is to run, and what Prometheus is to scrape. */
async function planned(
  beside: NodeHandle,
  watched: readonly Watched[],
  images: ReadonlyMap<string, ResolvedImage>,
  programs: ProgramOptions,
): Promise<{ readonly parts: readonly Part[]; readonly targets: readonly JobTargets[] }> {
  const imageOf = (name: string) => images.get(name) as ResolvedImage;
  const hostPort = await portsOf(beside.network);
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
  return { parts, targets: [...sources.map(({ targets }) => targets), publishedTargets(beside.network)] };
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
async function portsOf(stackName: string): Promise<(containerPort: number) => number> {
  const found = await monitoringContainers(stackName);
  const known = Object.assign({}, ...found.map(({ hostPorts }) => hostPorts)) as Readonly<Record<number, number>>;
  const chooser = createPortChooser({ name: `${stackName}-monitoring`, isFree: await freePortCheck(stackName) });
  const chosen: Record<number, number> = {};
  for (const port of [prometheusPort, alertmanagerPort]) {
    chosen[port] = known[port] ?? (await chooser.choose(`monitoring:${port}`));
  }
  return (containerPort) => chosen[containerPort] ?? 0;
}

async function untilReady(port: number, signal?: AbortSignal): Promise<void> {
  await poll(() => askReady(port), {
    timeoutMs: deadlineMs('nodeReady'),
    ...withoutUndefined({ signal }),
    onTimeout: (last) =>
      new SandboxError({
        code: 'NODE_NOT_READY',
        message: `Monitoring does not answer on port ${port}: ${messageOf(last)}.`,
        next: 'Look at its containers, whose names end in `-prometheus` and `-alertmanager`: `docker logs`.',
      }),
  });
}

/**
 * Removes Prometheus, Alertmanager and the exporters, and takes their logins away. Returns the names of the containers.
 * Throws `STACK_NOT_RUNNING` where a login cannot be taken away; the containers are removed then. Throws `NAME_TAKEN` where the
 * stack of this name is that of another project, whose monitoring stays.
 */
export async function stopMonitoring(options: Meant): Promise<readonly string[]> {
  const { directory, name } = stackIdentity(options);
  await readState(directory, name);
  return withStackLock(directory, name, async () => {
    const found = await monitoringContainers(name);
    await Promise.all(found.map(({ id }) => removeContainer(id)));
    const watched = await watchedOf((await attachStack({ directory, name })).engines);
    await inEachLoginStore(watched, (exporters, running) => exporters.revoke(running));
    return found.map((each) => each.name);
  });
}
