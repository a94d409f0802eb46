import { Address4 } from 'ip-address';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { fatal, poll } from '../../core/poll.ts';
import { docker } from '../runtime/docker.ts';
import type { Labels } from '../runtime/labels.ts';
import { removeNetwork, requireOurs } from '../runtime/objects.ts';
import { unlessMissing } from './nodes.ts';

/** A network whose upper half is for addresses that are given by hand. */
export interface FixedNetwork {
  readonly name: string;
  /** The fixed address of a number, from 0. Throws `NETWORK_FULL` where there are not so many. */
  readonly address: (number: number) => string;
  /** The number of a fixed address; `undefined` for another one. */
  readonly numberOf: (address: string) => number | undefined;
}

interface AddressConfig {
  readonly Subnet?: string;
  readonly IPRange?: string;
}

/**
 * Creates a network of our own with room for fixed addresses, unless it is there.
 * Docker takes fixed addresses only where the subnet was given too ("user specified IP address is supported only when
 * connecting to networks with user configured subnets"), and only Docker knows which one is free: it is asked first.
 * Throws `NAME_TAKEN`, and `NOT_SUPPORTED` where the network is there without such room.
 */
export async function ensureFixedNetwork(name: string, labels: Labels): Promise<FixedNetwork> {
  const there = await unlessMissing(async () => (await docker()).getNetwork(name).inspect());
  if (there !== undefined) {
    requireOurs('network', name, there.Labels, labels);
    return fixedNetwork(name, (there.IPAM?.Config as AddressConfig[] | undefined)?.[0] ?? {});
  }
  return poll(() => create(name, labels), {
    timeoutMs: deadlineMs('statement'),
    onTimeout: (last) =>
      new SandboxError({
        code: 'COMMAND_FAILED',
        message: `The network ${name} could not be created: ${messageOf(last)}.`,
        next: '`docker network ls` shows what takes up the addresses.',
      }),
  });
}

/** Whether a network is there that was made for single nodes. */
export async function isForSingleNodes(name: string): Promise<boolean> {
  const there = await unlessMissing(async () => (await docker()).getNetwork(name).inspect());
  const [config] = (there?.IPAM?.Config ?? []) as AddressConfig[];
  return there !== undefined && config?.IPRange === undefined;
}

/** Somebody may take the subnet between the two steps: then the next try is given another one. */
async function create(name: string, labels: Labels): Promise<FixedNetwork> {
  const client = await docker();
  const settings = { Name: name, CheckDuplicate: true, Driver: 'bridge', Labels: { ...labels } };
  await client.createNetwork(settings);
  const { IPAM } = await client.getNetwork(name).inspect();
  await removeNetwork(name);
  const [found] = (IPAM?.Config ?? []) as AddressConfig[];
  const config = { Subnet: found?.Subnet ?? '', IPRange: lowerHalf(found?.Subnet ?? '') };
  try {
    await client.createNetwork({ ...settings, IPAM: { Driver: 'default', Config: [config] } });
  } catch (thrown) {
    throw /overlap/i.test(messageOf(thrown)) ? thrown : fatal(thrown);
  }
  return fixedNetwork(name, config);
}

/** The fixed addresses of a network as Docker describes it: the upper half. Throws `NOT_SUPPORTED` where it has none. */
export function fixedNetwork(name: string, { Subnet, IPRange }: AddressConfig): FixedNetwork {
  if (Subnet === undefined || IPRange === undefined) {
    throw new SandboxError({
      code: 'NOT_SUPPORTED',
      message: `The network ${name} was made for single nodes: it has no room for the fixed addresses of several.`,
      next: 'Take the stack down, its data stays, and start it again: `npm run sandbox -- down`, then `up`.',
    });
  }
  const lower = new Address4(lowerHalf(Subnet));
  const upper = lower.nextNetwork().startAddress();
  // Without the first address of the upper half, and the last one of the subnet, which is its broadcast address.
  const count = 2 ** (32 - lower.subnetMask) - 2;
  return {
    name,
    address: (number) => {
      if (number >= count) throw networkFull(name, count);
      return upper.offset(number + 1).correctForm();
    },
    numberOf: (address) => {
      if (!Address4.isValid(address)) return undefined;
      const number = Number(new Address4(address).bigInt() - upper.bigInt()) - 1;
      return number >= 0 && number < count ? number : undefined;
    },
  };
}

function networkFull(name: string, count: number): SandboxError {
  return new SandboxError({
    code: 'NETWORK_FULL',
    message: `The network ${name} has room for ${count} nodes of several per engine, and there are more.`,
    next: 'Start fewer engines or smaller topologies. Docker makes larger networks from larger `default-address-pools` in its daemon.json: `npm run sandbox -- down`, then `up`.',
  });
}

/** The half of a subnet that Docker may give out by itself: `172.30.0.0/17` of `172.30.0.0/16`. */
function lowerHalf(subnet: string): string {
  const whole = new Address4(subnet);
  return `${whole.startAddress().correctForm()}/${whole.subnetMask + 1}`;
}
