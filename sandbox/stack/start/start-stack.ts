import { forgetFaultsThatAreOver } from '../../containers/faults/lasting-faults.ts';
import { ensureFixedNetwork } from '../../containers/nodes/fixed-network.ts';
import { removeContainer } from '../../containers/nodes/nodes.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import {
  ensureNetwork,
  findContainers,
  findVolumes,
  removeNetwork,
  removeVolume,
} from '../../containers/runtime/objects.ts';
import { SandboxError } from '../../core/errors.ts';
import { runAsOne } from '../../core/run-concurrently.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { nodeNamesOf } from '../resolve/described-nodes.ts';
import { createNodeAddresses, knownNumbers, type NodeAddresses } from '../resolve/node-addresses.ts';
import { generateSecrets } from '../state/secrets.ts';
import type { StackIdentity } from '../state/stack-identity.ts';
import { type EngineState, lostSecrets } from '../state/stack-state.ts';
import type { StateKeeper } from '../state/state-keeper.ts';
import { bringUpEngine, type Furnish } from './bring-up-engine.ts';
import { headStart } from './head-start.ts';
import { renewMonitoringLogins } from './monitoring-logins.ts';
import { type Before, type StackStart, volumesOf, wantedWith } from './stack-start.ts';

/** What a start does beside the nodes. */
export interface StartHooks<Furnished> {
  readonly furnish: Furnish<Furnished>;
  /** Told of an engine once nothing is left to do but to wait until it answers. */
  readonly onWaiting: (engine: Engine) => void;
  /** Engines whose new volumes stay where the start fails: they are the data now. */
  readonly copied: () => ReadonlySet<string>;
}

const onWhatIsThere: StartHooks<void> = {
  furnish: (_, begun) => begun(),
  onWaiting: () => {},
  copied: () => new Set(),
};

/** Starts the nodes of a stack's engines on what they hold, and no more. */
export async function startNodes(start: StackStart): Promise<ReadonlyMap<string, RunningEngine>> {
  return (await startStack(start, onWhatIsThere)).running;
}

/**
 * Starts the engines side by side; each is furnished as soon as it is ready.
 * If one fails, what this start has made is taken down again.
 */
export async function startStack<Furnished>(
  start: StackStart,
  { furnish, onWaiting, copied }: StartHooks<Furnished>,
): Promise<{ readonly running: ReadonlyMap<string, RunningEngine>; readonly furnished: readonly Furnished[] }> {
  const { stack, keeper, before, recorder } = start;
  await keeper.update({ sourceHash: undefined });
  const engines = stack.engines.map(({ engine }) => engine);
  await rememberSecrets({ engines, keeper, identity: stack.identity }, before);
  const addresses = await recorder.step('network', ['images'], () => networkOf(start));
  // Who waits for the stack waits for all of these, and not for the first of them alone.
  const names = engines.map(({ name }) => name);
  await keeper.update({ wanted: wantedWith(start, names) });
  const head = headStart(engines);
  const up = await runAsOne(stack.signal, (signal) => {
    const withSignal = { ...start, stack: { ...stack, signal }, addresses, onWaiting };
    return head.inOrder(stack.engines).map((resolved) => bringUpEngine(withSignal, head, resolved, furnish));
  }).catch(async (thrown) => {
    await rollBack(start, copied());
    throw thrown;
  });
  const running = up.map((each) => each.running);
  await Promise.all([
    forgetFaultsThatAreOver(stack.identity.name),
    renewMonitoringLogins(stack.identity.name, running, stack.progress),
  ]);
  return {
    running: new Map(running.map((each) => [each.engine, each])),
    furnished: up.map(({ furnished }) => furnished),
  };
}

/** Nodes that know each other by address need one that outlives a restart; a single node does without. */
async function networkOf({
  stack: { engines, identity },
  keeper,
  before,
}: StackStart): Promise<NodeAddresses | undefined> {
  if (engines.every(({ topology }) => topology.name === 'standalone')) {
    await ensureNetwork(identity.name, before.labels);
    return undefined;
  }
  const network = await ensureFixedNetwork(identity.name, before.labels);
  const known = knownNumbers(network, [...before.existing.values()], keeper.state());
  const addresses = createNodeAddresses(network, known);
  // In the order of the list, not in that in which they happen to start; and before one of them has its address.
  for (const { topology } of engines) {
    if (topology.name !== 'standalone') for (const node of nodeNamesOf(topology)) addresses.of(node);
  }
  await keeper.update({ addressNumbers: addresses.numbers() });
  return addresses;
}

/** Passwords are on disk before the first container that knows them. Throws `SECRETS_LOST`. */
export async function rememberSecrets(
  {
    engines,
    keeper,
    identity,
  }: { readonly engines: readonly Engine[]; readonly keeper: StateKeeper; readonly identity: StackIdentity },
  before: Before,
): Promise<void> {
  const known = keeper.secrets().secrets;
  const lost = engines.find(
    ({ name }) =>
      known[name] === undefined && volumesOf(before, name).length > 0 && !keeper.state().unfinished.includes(name),
  );
  if (lost !== undefined) throw await lostSecrets(identity, lost.name, `There is data of ${lost.title} from before`);
  const generated = engines.map(
    (engine) => [engine.name, generateSecrets(engine.secretNames, known[engine.name])] as const,
  );
  await keeper.updateSecrets({ secrets: { ...known, ...Object.fromEntries(generated) } });
}

/**
 * Takes down what this start has made: containers that did not run before, and volumes that were not there; but for
 * those of engines that were copied, which are the data now. What was known of an engine that was down is known again:
 * what its data is, and how it is laid out.
 */
export async function rollBack({ stack, keeper, before }: StackStart, copied: ReadonlySet<string>): Promise<void> {
  const ours = { [labelNames.stack]: stack.identity.name };
  const wasRunning = (name: string) => {
    const found = before.existing.get(name);
    return found?.running === true || found?.paused === true;
  };
  const found = await findContainers(ours);
  const containers = found.filter((container) => !wasRunning(container.name));
  await Promise.all(containers.map((container) => removeContainer(container.id)));
  // A node that ran and was made anew for this version may have got a volume that it did not have before: that stays.
  const used = new Set(found.filter(({ name }) => wasRunning(name)).flatMap((container) => container.volumes));
  const wasThere = new Set(before.volumes.map(({ name }) => name));
  const volumes = (await findVolumes(ours)).filter(({ name, labels }) => {
    return !wasThere.has(name) && !used.has(name) && !copied.has(labels[labelNames.engine] ?? '');
  });
  await Promise.all(volumes.map((volume) => removeVolume(volume.name)));
  const gone = new Set(containers.map((container) => container.labels[labelNames.engine]));
  const kept = Object.entries(keeper.state().engines).filter(([name]) => !gone.has(name));
  // What a restore has put in the place of its data is other data.
  const isOfNow = (name: string, { generation = 0 }: EngineState) => generation === (before.generations[name] ?? 0);
  // An engine that was there before is there still, with its data: who looks at the stack must not take it for none.
  const again = Object.entries(before.state.engines).filter(([name, state]) => gone.has(name) && isOfNow(name, state));
  await keeper.update({ engines: Object.fromEntries([...kept, ...again]), wanted: before.state.wanted });
  if (before.existing.size === 0) await removeNetwork(stack.identity.name).catch(unlessInUse);
}

/** What somebody else is in stays: why the start failed is what has to be told. */
function unlessInUse(thrown: unknown): void {
  if (!(thrown instanceof SandboxError) || thrown.code !== 'OBJECT_IN_USE') throw thrown;
}
