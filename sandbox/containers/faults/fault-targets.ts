import type { ContainerInspectInfo } from 'dockerode';
import { docker } from '../runtime/docker.ts';
import { labelNames } from '../runtime/labels.ts';
import { findContainers } from '../runtime/objects.ts';
import type { FaultTarget } from './fault-records.ts';

/** A node as it was found. */
export interface FoundTarget extends FaultTarget {
  readonly state: 'running' | 'paused' | 'stopped';
}

export type Targets = ReadonlyMap<string, FoundTarget>;

/** The nodes of a stack by their names. */
export async function targetsOf(stackName: string): Promise<Targets> {
  const found = await findContainers({ [labelNames.stack]: stackName });
  return new Map(
    found.flatMap(({ id, image, labels, running, paused }) => {
      const node = labels[labelNames.node];
      const state = paused ? 'paused' : running ? 'running' : 'stopped';
      return node === undefined ? [] : [[node, { stackName, node, image, containerId: id, state }] as const];
    }),
  );
}

async function inspect(target: FaultTarget): Promise<ContainerInspectInfo> {
  return (await docker()).getContainer(target.containerId).inspect();
}

export async function volumesOf(target: FaultTarget): Promise<readonly string[]> {
  const { Mounts } = await inspect(target);
  return Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== undefined ? [Name] : []));
}

export async function addressOf(target: FaultTarget): Promise<string> {
  const { NetworkSettings } = await inspect(target);
  return NetworkSettings.Networks[target.stackName]?.IPAddress ?? '';
}
