import { join } from 'node:path';
import { silent } from '../../core/progress.ts';
import { type ImageRequest, resolveImages } from '../images/images.ts';
import { type CommandResult, checked, runOneOff } from '../runtime/exec.ts';
import { labelNames } from '../runtime/labels.ts';
import type { FaultTarget } from './fault-records.ts';

/** The image with iptables, tc and the proxy, built as the engines' are: there is none that could be pulled. */
export const faultHelper: ImageRequest = {
  engine: 'fault-helper',
  spec: {
    variable: 'FAULT_HELPER',
    noOfficial: 'it is made for the sandbox',
    local: {
      origin: 'built',
      contextDirectory: join(import.meta.dirname, 'fault-helper'),
      description: 'iptables and tc of Debian, and a proxy that delays',
    },
  },
};

/** Reference of its image. Where `prefetch` has not made it before, it is built now, whatever the policy for engines. */
export async function faultHelperImage(): Promise<string> {
  const images = await resolveImages([faultHelper], { policy: 'auto', progress: silent });
  const image = images.get(faultHelper.engine);
  if (image === undefined) throw new Error('no image was resolved');
  return image.reference;
}

/** Runs `fault.sh` in the network namespace of a node: on this machine's rules nothing is changed. */
export async function inNamespace(target: FaultTarget, command: readonly string[]): Promise<CommandResult> {
  const result = await runOneOff({
    image: await faultHelperImage(),
    command,
    network: `container:${target.containerId}`,
    addedCapabilities: ['NET_ADMIN'],
    labels: { [labelNames.stack]: target.stackName },
  });
  return checked(result, `fault ${command[0]} of ${target.node}`);
}

/** Runs `fault.sh` on the volumes of a node. */
export async function onVolumes(
  target: FaultTarget,
  volumes: readonly string[],
  command: string,
): Promise<CommandResult> {
  return runOneOff({
    image: await faultHelperImage(),
    command: [command, ...volumes.map((_, index) => `/volumes/${index}`)],
    binds: volumes.map((name, index) => `${name}:/volumes/${index}`),
    labels: { [labelNames.stack]: target.stackName },
  });
}
