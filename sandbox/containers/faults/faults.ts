import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { finishedAtMs, nodeLogs, removeContainer, statusOf, stopContainer } from '../nodes/nodes.ts';
import { pauseContainer } from '../nodes/pause-container.ts';
import { docker } from '../runtime/docker.ts';
import { checked } from '../runtime/exec.ts';
import { labelNames } from '../runtime/labels.ts';
import { checkFault } from './check-fault.ts';
import { faultHelperImage, inNamespace, onVolumes } from './fault-helper.ts';
import { type ActiveFault, type Fault, type FaultKind, faultKinds } from './fault-kinds.ts';
import { activeFault, type FaultTarget, recordFault } from './fault-records.ts';
import { addressOf, type FoundTarget, type Targets, targetsOf, volumesOf } from './fault-targets.ts';
import { healFaults, networkKinds } from './heal-faults.ts';
import { sortedFaults } from './lasting-faults.ts';

/** What the container engine says of a fault that was made. */
export interface MadeFault {
  /** When the process of a node that was killed had died (`State.FinishedAt`), in milliseconds since 1970. */
  readonly diedAtMs?: number;
}

/** Faults of one stack. */
export interface Faults {
  /**
   * Makes a fault; it bites when this returns, and lasts until it is healed. A kill bites before: see `MadeFault`.
   * Throws `UNKNOWN_FAULT`, `UNKNOWN_NODE`, `BAD_OPTION` for a partition with one side, a loss that has no peer or a second latency, `STACK_NOT_RUNNING` where the node is down or paused
   * already, and `NOT_SUPPORTED` with the reason where it cannot be made here.
   */
  readonly inject: (fault: Fault) => Promise<MadeFault>;
  /**
   * Undoes the faults of one node (default: of all), and returns those that lasted. Nodes that were killed or stopped are started,
   * not awaited. A node that a command keeps paused or stopped, to copy what it holds, is left alone until it has done that.
   */
  readonly heal: (node?: string) => Promise<readonly ActiveFault[]>;
  /** Those that last: one whose node was started or resumed by anybody since is over. */
  readonly active: () => Promise<readonly ActiveFault[]>;
}

/**
 * The faults of a stack, known by its name. With an `owner` they end with that process: the next command undoes what a
 * dead one has left.
 */
export function createFaults(stackName: string, owner?: string): Faults {
  return {
    inject: (fault) => inject(stackName, fault, owner),
    heal: (node) => healFaults({ stackName, ...withoutUndefined({ node }) }),
    active: async () => (await sortedFaults(stackName)).lasting.map(activeFault),
  };
}

async function inject(stackName: string, fault: Fault, owner: string | undefined): Promise<MadeFault> {
  checkFault(fault);
  const { notSupported } = faultKinds[fault.kind];
  if (notSupported !== undefined) throw notPossible(fault.kind, notSupported);
  const targets = await targetsOf(stackName);
  const named = fault.kind === 'partition' ? fault.groups.flat() : [fault.node, ...(peersOf(fault) ?? [])];
  for (const name of named) if (!targets.has(name)) throw unknownNode(name, [...targets.keys()]);
  if (fault.kind === 'partition') {
    requireSides(fault.groups);
    for (const name of named) requireRunning(targets.get(name) as FoundTarget);
    await Promise.all(
      fault.groups.flatMap((group) =>
        group.map((name) => {
          const others = fault.groups.filter((other) => other !== group).flat();
          return make(targets, { kind: 'loss', node: name, peers: others }, owner, 'partition');
        }),
      ),
    );
    return {};
  }
  requireRunning(targets.get(fault.node) as FoundTarget);
  if (fault.kind === 'loss') requireHearers(fault, targets);
  await make(targets, fault, owner, fault.kind);
  if (fault.kind !== 'kill') return {};
  const diedAtMs = await finishedAtMs((targets.get(fault.node) as FaultTarget).containerId);
  return withoutUndefined({ diedAtMs });
}

type FaultOfNode = Exclude<Fault, { readonly kind: 'partition' }>;

async function make(targets: Targets, fault: FaultOfNode, owner: string | undefined, kind: FaultKind): Promise<void> {
  const target = targets.get(fault.node) as FaultTarget;
  const container = (await docker()).getContainer(target.containerId);
  if (fault.kind === 'latency') return delay(target, fault, owner);
  const record = await recordFault(target, kind, owner);
  try {
    switch (fault.kind) {
      case 'kill':
        await container.kill({ signal: 'SIGKILL' });
        await container.wait({ condition: 'not-running' });
        return;
      case 'stop':
        return await stopContainer(target.containerId);
      case 'pause':
        return await pauseContainer(container);
      case 'isolate':
        return void (await inNamespace(target, ['isolate']));
      case 'loss':
        return void (await inNamespace(target, await lossCommand(targets, fault)));
      case 'reset':
        return void (await inNamespace(target, ['reset', String(fault.probability ?? 1)]));
      case 'bandwidth':
        return void (await inNamespace(target, ['bandwidth', String(fault.kilobitsPerS)]));
      case 'fill-disk':
        return await fillDisk(target);
      case 'wipe':
        await stopContainer(target.containerId);
        checked(await onVolumes(target, await volumesOf(target), 'empty'), `emptying the volumes of ${target.node}`);
        await container.start();
        return await removeContainer(record);
    }
  } catch (thrown) {
    // Half of its rules may be there: the record stays, so that healing takes them away.
    if (!networkKinds.includes(kind)) await removeContainer(record);
    await refuseIfDown(target, thrown);
    throw thrown;
  }
}

type Loss = Fault & { readonly kind: 'loss' };

/** Nodes between which and the node packets are to vanish. */
function hearersOf({ node, peers }: Loss, targets: Targets): readonly string[] {
  return (peers ?? [...targets.keys()]).filter((name) => name !== node);
}

/** A loss between a node and itself, or nodes that are down, would be a fault that does nothing. */
function requireHearers(fault: Loss, targets: Targets): void {
  if (hearersOf(fault, targets).some((name) => targets.get(name)?.state !== 'stopped')) return;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `There is no other node that runs which \`${fault.node}\` could lose packets to.`,
    next: 'Name a peer that runs; `npm run sandbox -- topology` shows them. From clients `fault reset` cuts it off.',
  });
}

async function lossCommand(targets: Targets, fault: Loss): Promise<string[]> {
  const peers = hearersOf(fault, targets);
  const addresses = await Promise.all(peers.map((name) => addressOf(targets.get(name) as FaultTarget)));
  // A node that does not run has no address, and nothing to say.
  const known = addresses.filter((address) => address !== '');
  return ['drop', fault.direction ?? 'both', String(fault.probability ?? 1), ...known];
}

/** The proxy is the record's own process: it ends with it, and the rules that lead to it are taken away first. */
async function delay(
  target: FaultTarget,
  { latencyMs, jitterMs = 0, seed = 1 }: Fault & { readonly kind: 'latency' },
  owner: string | undefined,
): Promise<void> {
  await refuseSecondDelay(target);
  const command = ['delay', ...[latencyMs, jitterMs, seed].map(String)];
  const process = { image: await faultHelperImage(), command };
  const record = await recordFault(target, 'latency', owner, { process });
  try {
    await (await docker()).getContainer(record).start();
    await poll(async () => /^ready$/m.test(await nodeLogs(record, 20)), {
      timeoutMs: deadlineMs('statement'),
      onTimeout: (last) =>
        new SandboxError({
          code: 'COMMAND_FAILED',
          message: `The proxy that delays ${target.node} did not start: ${messageOf(last)}.`,
          next: '`npm run sandbox -- fault heal` takes away what is left of it.',
        }),
    });
  } catch (thrown) {
    await removeContainer(record);
    await refuseIfDown(target, thrown);
    throw thrown;
  }
}

/** One proxy takes all connections of a node: a second one would wait for its port. */
async function refuseSecondDelay({ stackName, node }: FaultTarget): Promise<void> {
  const { lasting } = await sortedFaults(stackName, { [labelNames.faultNode]: node });
  if (!lasting.some((found) => activeFault(found).kind === 'latency')) return;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `Connections to \`${node}\` of ${stackName} are late already.`,
    next: `\`npm run sandbox -- fault heal ${node}\` first: one latency lasts at a time.`,
  });
}

/** A node that went down, or was paused, between the look at it and the fault: the container engine says 409. */
async function refuseIfDown({ stackName, node }: FaultTarget, thrown: unknown): Promise<void> {
  if (statusOf(thrown) !== 409) return;
  const now = (await targetsOf(stackName)).get(node);
  if (now !== undefined) requireRunning(now);
}

async function fillDisk(target: FaultTarget): Promise<void> {
  const result = await onVolumes(target, await volumesOf(target), 'fill');
  if (result.exitCode === 3)
    throw notPossible(
      'fill-disk',
      'its volumes share the disk of this machine, which is left alone; start the stack with `dataSizeBytes`',
    );
  checked(result, `filling the disk of ${target.node}`);
}

/** What is down or frozen cannot be broken once more, and would be healed as something that it is not. */
function requireRunning({ node, state, stackName }: FoundTarget): void {
  if (state === 'running') return;
  throw new SandboxError({
    code: 'STACK_NOT_RUNNING',
    message: `The node \`${node}\` of ${stackName} is ${state} already.`,
    next: '`npm run sandbox -- fault list` says by what; `fault heal` brings it back.',
  });
}

/** Two sides at least, of which no node is on both. */
function requireSides(groups: readonly (readonly string[])[]): void {
  const names = groups.flat();
  if (groups.length > 1 && groups.every(({ length }) => length > 0) && new Set(names).size === names.length) return;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: 'A partition has two groups of nodes or more, each node in one of them.',
    next: 'For example `npm run sandbox -- fault partition redis-1 redis-2,redis-3`.',
  });
}

function peersOf(fault: Fault): readonly string[] | undefined {
  return fault.kind === 'loss' ? fault.peers : undefined;
}

function unknownNode(name: string, known: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'UNKNOWN_NODE',
    message: `The stack has no node \`${name}\`.`,
    next: `Use one of: ${known.toSorted().join(', ') || 'none runs; start it with `npm run sandbox -- up`'}.`,
  });
}

function notPossible(kind: FaultKind, reason: string): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    message: `\`${kind}\` cannot be made here: ${reason}.`,
    next: 'Choose another fault; `npm run sandbox -- fault --help` lists them.',
  });
}
