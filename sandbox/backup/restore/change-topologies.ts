import { healFaults } from '../../containers/faults/heal-faults.ts';
import { ensureFixedNetwork, isForSingleNodes } from '../../containers/nodes/fixed-network.ts';
import { removeContainer } from '../../containers/nodes/nodes.ts';
import { ensureDocker } from '../../containers/runtime/find/docker-host.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { removeNetwork } from '../../containers/runtime/objects.ts';
import { messageOf } from '../../core/errors.ts';
import { notice, silent } from '../../core/progress.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { removeAbandoned } from '../../stack/remove/clean-up.ts';
import { removeMonitoring } from '../../stack/remove/monitoring-containers.ts';
import { stopNodes } from '../../stack/remove/stop-nodes.ts';
import { topologiesOfData } from '../../stack/replace/laid-out.ts';
import { askedStack } from '../../stack/resolve/asked-stack.ts';
import { recordGenerations, removeOtherGenerations } from '../../stack/resolve/generations.ts';
import type { StackOptions, Topologies } from '../../stack/stack-options.ts';
import { type Before, inspectExisting } from '../../stack/start/stack-start.ts';
import { startPresent } from '../../stack/start/start-present.ts';
import { rememberSecrets } from '../../stack/start/start-stack.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { withStackLock } from '../../stack/state/stack-lock.ts';
import { stateOnDisk } from '../../stack/state/state-keeper.ts';
import { withBackupLock } from '../backup-lock.ts';
import { carryOver } from './carry-over.ts';
import { type Change, generationsOf, planChanges, refuseLosses } from './topology-changes.ts';

/** What a change works with: the stack, and the topologies that are asked for. */
export type ChangeOptions = Pick<
  StackOptions,
  | 'directory'
  | 'name'
  | 'engines'
  | 'topologies'
  | 'images'
  | 'dockerInstall'
  | 'readyTimeoutMs'
  | 'progress'
  | 'signal'
>;

/**
 * Changes the topology of engines whose data is laid out for another one than is asked for, and keeps the data: their
 * nodes go, the data of who takes writes is backed up where no client reaches it, restored into new volumes of the other
 * layout, and these count from then on, of all of the engines at once. The next start of the stack makes the nodes. A
 * process that is killed leaves either the old data or the new. Returns the names of the engines that were changed.
 *
 * Throws `TOPOLOGY_DIFFERENT`, `NOT_SUPPORTED` and `RESTORE_WOULD_LOSE` where it cannot keep the data, before anything stops;
 * after what is thrown later the engines run again as they were, if they ran.
 */
export async function changeTopologies(options: ChangeOptions): Promise<readonly EngineName[]> {
  const { progress = silent, topologies = {} } = options;
  const identity = stackIdentity(options);
  const named = Object.keys(topologies) as EngineName[];
  const asked = (options.engines ?? named).filter((name) => topologies[name] !== undefined);
  if (asked.length === 0) return [];
  await ensureDocker({ install: options.dockerInstall ?? 'never', progress });
  const there = await topologiesOfData(identity, asked);
  const changed = asked.filter((name) => there[name] !== undefined && there[name] !== topologies[name]);
  if (changed.length === 0) return [];
  await withBackupLock(identity, 'change of topology', () => changeOrGoOn(options, changed, there));
  for (const name of changed) {
    notice(progress, 'info', `${name} was ${there[name]} and becomes ${topologies[name]}, with its data.`);
  }
  return changed;
}

/** What ran and stopped runs again as it was: of a change that failed all of it, otherwise what was not changed. */
async function changeOrGoOn(options: ChangeOptions, changed: readonly EngineName[], there: Topologies): Promise<void> {
  const { directory, name } = stackIdentity(options);
  const stopped: EngineName[] = [];
  try {
    await withStackLock(directory, name, () => change(options, changed, there, stopped), options.signal);
  } catch (thrown) {
    await startAgain(options, stopped, there);
    throw thrown;
  }
  await startAgain(
    options,
    stopped.filter((engine) => !changed.includes(engine)),
    {},
  );
}

/** Tells in `stopped` which engines ran and do not any more. */
async function change(
  options: ChangeOptions,
  changed: readonly EngineName[],
  there: Topologies,
  stopped: EngineName[],
): Promise<void> {
  const identity = stackIdentity(options);
  const keeper = await stateOnDisk(identity);
  await removeAbandoned();
  await removeOtherGenerations(identity.name, keeper.state());
  const asked = askedStack({ ...options, ephemeral: false });
  const before = await inspectExisting(asked, keeper);
  const engines = await loadEngines(changed);
  await rememberSecrets({ engines, keeper, identity }, before);
  const changes = await planChanges(engines, { asked, before, there, keeper });
  await refuseLosses(changes, keeper.state(), before);
  // Before there is another generation: a start after a kill must know that it does not count.
  await recordGenerations(before.labels, generationsOf(changes, 'from'));
  await keeper.update({ sourceHash: undefined });
  const remake = await needsOtherNetwork(changes, identity.name);
  stopped.push(...(await removeNodes(before, remake ? engineNames : changed)));
  if (remake) {
    // What else is in the network. Whoever asked for the change sees to it that the stack is watched again.
    await removeMonitoring(identity.name);
    await removeNetwork(identity.name);
    await ensureFixedNetwork(identity.name, before.labels);
  }
  try {
    await carryOver(changes, before.labels, options);
    await recordGenerations(before.labels, generationsOf(changes, 'to'));
  } finally {
    await removeOtherGenerations(identity.name, keeper.state());
  }
}

/** Engines of single nodes share a network that has no room for the fixed addresses of several: they all leave it then. */
async function needsOtherNetwork(changes: readonly Change[], stackName: string): Promise<boolean> {
  return changes.some(({ to }) => to.topology.name !== 'standalone') && (await isForSingleNodes(stackName));
}

/** Watchers too. Returns the names of the engines that ran. */
async function removeNodes(before: Before, engines: readonly EngineName[]): Promise<readonly EngineName[]> {
  const engineOf = (labels: Before['labels']) => engines.find((name) => name === labels[labelNames.engine]);
  const nodes = [...before.existing.values()].filter(({ labels }) => engineOf(labels) !== undefined);
  // A node that is paused could not stop in an orderly way.
  for (const { labels } of nodes) {
    const [stackName, node] = [labelNames.stack, labelNames.node].map((name) => labels[name] ?? '');
    await healFaults({ stackName: stackName ?? '', node: node ?? '', start: false });
  }
  await stopNodes(nodes);
  await Promise.all(nodes.map(({ id }) => removeContainer(id)));
  const ran = nodes.filter(({ running, paused }) => running || paused).flatMap(({ labels }) => engineOf(labels) ?? []);
  return [...new Set(ran)];
}

async function startAgain(options: ChangeOptions, engines: readonly EngineName[], topologies: Topologies) {
  if (engines.length === 0) return;
  // Whoever interrupted the change wants the stack back all the same.
  const { signal: _, progress = silent, ...others } = options;
  try {
    await startPresent({ ...others, progress, engines, topologies });
  } catch (thrown) {
    notice(progress, 'warning', `${engines.join(', ')} did not start again as before: ${messageOf(thrown)}`);
  }
}
