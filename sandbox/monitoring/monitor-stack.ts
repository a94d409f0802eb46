import type { ImagePolicy } from '../containers/images/image-spec.ts';
import { resolveImages } from '../containers/images/images.ts';
import type { NodeHandle } from '../containers/nodes/node-spec.ts';
import { untilReady } from '../containers/nodes/until-ready.ts';
import type { DockerInstall } from '../containers/runtime/find/docker-install.ts';
import { SandboxError } from '../core/errors.ts';
import { notice, type ProgressListener, runTask, silent } from '../core/progress.ts';
import { withFullStop } from '../core/text/full-stop.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import { firstNode, type RunningEngine } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { attachPresent, attachStack } from '../stack/attach/attach-stack.ts';
import { removeMonitoring } from '../stack/remove/monitoring-containers.ts';
import { changeMonitoringLogins, type LoginFailure, withoutLogin } from '../stack/start/monitoring-logins.ts';
import { type PublishedMetrics, publishedMetrics, serveMetrics } from '../stack/state/published-metrics.ts';
import { type StackIdentity, stackIdentity } from '../stack/state/stack-identity.ts';
import { withStackLock } from '../stack/state/stack-lock.ts';
import { readState } from '../stack/state/stack-state.ts';
import { askReady } from './addresses.ts';
import { type Part, withParts } from './parts.ts';
import { imagesFor, planned, watchedOf } from './plan.ts';
import { writeTargets } from './targets.ts';

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

/**
 * Starts Prometheus, Alertmanager and an exporter for each node of the running stack, or brings them in line with the nodes
 * that there are now: what is as it should be goes on. Engines without metrics are left out, and `monitorStatus` says why.
 * Nodes that are down are watched too. Throws `STACK_NOT_RUNNING`, `IMAGE_UNAVAILABLE`, `NODE_NOT_READY`.
 */
export async function monitorStack(options: MonitorOptions): Promise<void> {
  const { directory, name } = stackIdentity(options);
  const progress = options.progress ?? silent;
  await withStackLock(
    directory,
    name,
    async () => {
      const { engines } = await attachForMonitoring({ directory, name });
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
    const images = await resolveImages(imagesFor(watched), {
      policy: options.images,
      progress: options.progress,
      ...withoutUndefined({ install: options.install, signal: options.signal }),
    });
    const withoutLogins = await changeMonitoringLogins('grant', beside.network, [...engines.values()]);
    const { parts, targets, letGoOfPorts } = await planned(beside, watched, images, {
      timeScale: options.timeScale ?? 1,
      asSpecified: options.asSpecified ?? false,
      webhook: options.webhook,
    });
    await withParts(beside, parts, async (containerOf) => {
      // Not before: images take minutes, in which a backup may have been made.
      await serveMetrics(beside.network, (await options.published?.()) ?? []);
      await writeTargets(beside.network, targets);
      await Promise.all(parts.map((part) => untilServing(part, containerOf(part), options.signal)));
    }).finally(letGoOfPorts);
    // Not before: whoever has a server that is down, or hangs, wants the rest to be watched all the more.
    tellWithoutLogins(withoutLogins, options.progress);
  });
}

/**
 * A stack of which nodes are down is watched as well, and one whose containers somebody has removed: its alert says so. Those
 * that a process which was killed has stopped are started first. Throws `STACK_NOT_RUNNING` where it was never started, or
 * was taken down.
 */
async function attachForMonitoring(
  identity: StackIdentity,
): Promise<{ readonly engines: ReadonlyMap<EngineName, RunningEngine> }> {
  return attachStack(identity).catch(async (thrown) => {
    if (!(thrown instanceof SandboxError) || thrown.code !== 'STACK_NOT_RUNNING') throw thrown;
    const { engines, gone } = await attachPresent(identity);
    // Those that are there come first: the rest is started beside one of them.
    return { engines: new Map([...engines, ...gone]) };
  });
}

/** That a server is down is what its alert says. Throws `NODE_NOT_READY` for one that runs and could not be given its login. */
function tellWithoutLogins(failures: readonly LoginFailure[], progress: ProgressListener): void {
  for (const failure of failures.filter(({ isDown }) => isDown)) notice(progress, 'warning', withoutLogin(failure));
  const failed = failures.find(({ isDown }) => !isDown);
  if (failed === undefined) return;
  throw new SandboxError({
    code: 'NODE_NOT_READY',
    engine: failed.engine,
    message: `The stack is watched, but the exporter of ${failed.nodes.join(', ')} has no login: ${withFullStop(failed.reason)}`,
    next: 'See to that server, then give it its login: `npm run sandbox -- monitor up`.',
  });
}

/** An exporter publishes no port: its first scrape tells. */
async function untilServing({ hostPorts }: Part, container: NodeHandle, signal?: AbortSignal): Promise<void> {
  const [port] = Object.values(hostPorts);
  if (port === undefined) return;
  await untilReady(container, {
    probe: async () => {
      if (!(await askReady(port))) throw new Error('it is starting');
      return '';
    },
    signal,
    next: 'Its last log lines are below. On a slow machine set SANDBOX_DEADLINE_FACTOR=2, then: `npm run sandbox -- monitor up`.',
  });
}

/**
 * Removes Prometheus, Alertmanager and the exporters, and takes their logins away. Returns the names of the containers, and
 * of the servers that keep the login. Throws `STACK_NOT_RUNNING` where the stack is not there; its monitoring is removed then.
 * Throws `NAME_TAKEN` where the stack of this name is that of another project, whose monitoring stays.
 */
export async function stopMonitoring(
  options: Meant,
): Promise<{ readonly containers: readonly string[]; readonly loginsLeft: readonly LoginFailure[] }> {
  const { directory, name } = stackIdentity(options);
  await readState(directory, name);
  return withStackLock(directory, name, async () => {
    const containers = await removeMonitoring(name);
    const { engines } = await attachForMonitoring({ directory, name });
    const loginsLeft = await changeMonitoringLogins('revoke', name, [...engines.values()]);
    return { containers, loginsLeft };
  });
}
