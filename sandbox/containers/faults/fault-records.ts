import { randomUUID } from 'node:crypto';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { confined } from '../nodes/confinement.ts';
import { docker } from '../runtime/docker.ts';
import { type Labels, labelNames } from '../runtime/labels.ts';
import { type FoundContainer, findContainers } from '../runtime/objects.ts';
import { ownerOfThisProcess } from '../runtime/owner.ts';
import type { ActiveFault, FaultKind } from './fault-kinds.ts';

/** Where a fault is made: a container of a stack. */
export interface FaultTarget {
  readonly stackName: string;
  readonly node: string;
  readonly containerId: string;
  readonly image: string;
}

/** What the record runs, where the fault lasts only while something runs in the node's network namespace. */
export interface RecordProcess {
  readonly image: string;
  readonly command: readonly string[];
}

/** Writes down that this process is about to pause a node for work of its own, which nobody else ends while it runs. */
export function recordOwnPause(target: FaultTarget): Promise<string> {
  const labels = { [labelNames.pausedNode]: target.containerId };
  return recordFault(target, 'pause', ownerOfThisProcess(), { labels });
}

/**
 * Writes down that a fault is about to be made, as a container with labels: whoever comes after a crash finds it, on
 * this machine or through the same container engine. `owner` is the process that the fault ends with, if it does.
 */
export async function recordFault(
  target: FaultTarget,
  kind: FaultKind,
  owner: string | undefined,
  { process, labels = {} }: { readonly process?: RecordProcess; readonly labels?: Labels } = {},
): Promise<string> {
  const { id } = await (await docker()).createContainer({
    name: `${target.stackName}-fault-${randomUUID().slice(0, 8)}`,
    Image: process?.image ?? target.image,
    Cmd: [...(process?.command ?? ['true'])],
    Labels: {
      [labelNames.stack]: target.stackName,
      [labelNames.purpose]: 'fault',
      [labelNames.fault]: kind,
      [labelNames.faultNode]: target.node,
      [labelNames.faultMaker]: ownerOfThisProcess(),
      ...withoutUndefined({ [labelNames.owner]: owner }),
      ...labels,
    },
    HostConfig: {
      ...confined,
      SecurityOpt: [...confined.SecurityOpt],
      ...(process === undefined
        ? { NetworkMode: 'none' }
        : { NetworkMode: `container:${target.containerId}`, CapAdd: ['NET_ADMIN'] }),
    },
  });
  return id;
}

/** Records of faults, of one stack or of all. A fault that nobody has healed may be over: see `lasting-faults.ts`. */
export async function findFaults(labels: Labels = {}): Promise<readonly FoundContainer[]> {
  return findContainers({ ...labels, [labelNames.purpose]: 'fault' });
}

/** The fault that a record is of. */
export function activeFault({ labels }: { readonly labels: Readonly<Record<string, string>> }): ActiveFault {
  return { kind: labels[labelNames.fault] as FaultKind, node: labels[labelNames.faultNode] ?? '' };
}
