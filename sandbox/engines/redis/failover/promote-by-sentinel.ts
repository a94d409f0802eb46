import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { allSettled } from '../../../core/run-concurrently.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { sentinelName, serverPort } from '../server/client-options.ts';
import { openClient, openSentinel } from '../server/connection.ts';
import { until } from '../server/until.ts';

/** A promotion, while writes to the old primary wait. */
export interface Promotion {
  readonly running: RunningEngine;
  readonly from: NodeHandle;
  readonly to: NodeHandle;
  /** Says again that writes wait. */
  readonly pause: () => Promise<unknown>;
}

/**
 * Has Sentinel promote a replica, and returns whether it did. Where it does not in time, each Sentinel is told to give it
 * up: one that went on later, as after it was frozen, would take from the old primary what it acknowledges from now on.
 * Throws where a Sentinel cannot be told: then nobody knows whether the promotion comes.
 */
export async function promoteBySentinel(
  promotion: Promotion,
  timeoutMs: number = deadlineMs('topologyConverged'),
): Promise<boolean> {
  const { running, to, pause } = promotion;
  const promoted = ask(running, to).then(() =>
    until(
      `${to.name} is the primary`,
      async () => {
        await pause();
        return isMaster(running, to);
      },
      timeoutMs,
    ),
  );
  if (await promoted.catch(() => false)) return true;
  let isPromoted = false;
  await until('the Sentinels have given the failover up', async () => {
    await pause();
    isPromoted = await giveUp(promotion);
    return true;
  });
  return isPromoted;
}

/** Asks the Sentinel beside the node. One that has begun by itself needs not be asked. */
async function ask(running: RunningEngine, to: NodeHandle): Promise<void> {
  await using sentinel = await openSentinel(to, running.secrets);
  await sentinel.call('SENTINEL', 'FAILOVER', sentinelName).catch((thrown: unknown) => {
    if (!/^INPROG/.test((thrown as Error).message)) throw thrown;
  });
}

/**
 * `RESET` ends a failover that is under way; replicas and the other Sentinels are found again within seconds (Redis
 * documentation, "Sentinel"). Returns whether one of them knows the new primary already, so that all of them will. If none
 * does, a replica that was told so in the last moment follows again: no client was led to it.
 */
export async function giveUp({ running, from, to }: Promotion): Promise<boolean> {
  const addresses = await allSettled(
    running.nodes.map(async (node) => {
      await using sentinel = await openSentinel(node, running.secrets);
      await sentinel.call('SENTINEL', 'RESET', sentinelName);
      const [address] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinelName)) as string[];
      return address;
    }),
  );
  if (addresses.includes(to.address)) return true;
  if (await isMaster(running, to)) {
    await using client = await openClient(to, running.secrets);
    await client.replicaof(from.address ?? '', serverPort);
  }
  return false;
}

async function isMaster({ secrets }: RunningEngine, node: NodeHandle): Promise<boolean> {
  await using client = await openClient(node, secrets);
  return /^role:master/m.test(await client.info('replication'));
}

/** Nothing has changed, and writes go on. */
export function notPromoted({ from, to }: Promotion): SandboxError {
  return new SandboxError({
    code: 'FAILOVER_REFUSED',
    engine: 'redis',
    message: `Redis does not hand over: Sentinel did not promote ${to.name} in time, and has given it up. ${from.name} takes writes again.`,
    next: 'Nothing was changed. `npm run sandbox -- logs redis` shows what the Sentinels say.',
  });
}

/** Writes wait until somebody knows. */
export function neverKnown({ from, to }: Promotion, pausedMs: number, cause: unknown): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'redis',
    message: `It cannot be known whether ${to.name} is still going to be promoted: not every Sentinel answers. Writes to ${from.name} stay stopped for up to ${pausedMs / 60_000} minutes, since they could be lost.`,
    next: 'Bring every node up (`npm run sandbox -- fault heal`), and hand over again, which ends the stop.',
    cause,
  });
}
