import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { allSettled } from '../../../core/run-concurrently.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { sentinelName, serverPort } from '../server/client-options.ts';
import { openClient, openSentinel } from '../server/connection.ts';
import { until } from '../server/until.ts';
import { neverKnown, notPromoted, type Promotion, promoteBySentinel } from './promote-by-sentinel.ts';

/** What a replica has where nobody says (Redis documentation, `redis.conf`). The lowest number is promoted first. */
const priorities = { usual: 100, chosen: 1 } as const;

/**
 * How long writes wait from the last time on that it was said, in milliseconds, should this process die meanwhile:
 * Sentinel, which cannot publish then either, takes the primary for dead long before, and promotes a replica that has
 * everything.
 */
const pauseMs = 30_000;

/** How long they wait where nobody knows whether the promotion still comes, in milliseconds: people look meanwhile. */
const unknownPauseMs = 3_600_000;

/**
 * Makes a replica the primary once it has everything. Sentinel's own `FAILOVER` waits for nobody, so that writes wait:
 * from before the replica has caught up until the old primary follows it, which Sentinel would tell it seconds later
 * only (Redis source, `sentinelRefreshInstanceInfo`).
 */
export async function handOverBySentinel(running: RunningEngine, from: NodeHandle, to: NodeHandle): Promise<void> {
  await using primary = await openClient(from, running.secrets);
  await prefer(running, to, priorities.chosen);
  try {
    await until(`the Sentinels know that ${to.name} is preferred`, () => isPreferred(running, to));
    const promotion: Promotion = {
      running,
      from,
      to,
      pause: () => primary.call('CLIENT', 'PAUSE', pauseMs, 'WRITE'),
    };
    let mayGoOn = true;
    try {
      await until(`${to.name} has everything`, async () => {
        await promotion.pause();
        const [whole, arrived] = await Promise.all([primary.info('replication'), replicationOf(running, to)]);
        return numberIn(arrived, 'slave_repl_offset') >= numberIn(whole, 'master_repl_offset');
      });
      // From here on writes stay stopped until it is known who the primary is: what was acknowledged now could be lost.
      mayGoOn = false;
      const isPromoted = await promoteBySentinel(promotion).catch(async (thrown: unknown) => {
        await primary.call('CLIENT', 'PAUSE', unknownPauseMs, 'WRITE');
        throw neverKnown(promotion, unknownPauseMs, thrown);
      });
      mayGoOn = true;
      if (!isPromoted) throw notPromoted(promotion);
      await primary.replicaof(to.address ?? '', serverPort);
      await primary.config('REWRITE');
    } finally {
      if (mayGoOn) await primary.call('CLIENT', 'UNPAUSE');
    }
    // As Sentinel does: they find the new one when they come again.
    await primary.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  } finally {
    await prefer(running, to, priorities.usual);
  }
}

// Each with a client of its own: Sentinel ends those of a replica that it promotes.

async function prefer({ secrets }: RunningEngine, node: NodeHandle, priority: number): Promise<void> {
  await using client = await openClient(node, secrets);
  await client.config('SET', 'replica-priority', priority);
}

async function replicationOf({ secrets }: RunningEngine, node: NodeHandle): Promise<string> {
  await using client = await openClient(node, secrets);
  return await client.info('replication');
}

/** Sentinels look every ten seconds, and any of them may lead. */
async function isPreferred(running: RunningEngine, to: NodeHandle): Promise<boolean> {
  const known = await allSettled(
    running.nodes.map(async (node) => {
      await using sentinel = await openSentinel(node, running.secrets);
      const replicas = (await sentinel.call('SENTINEL', 'REPLICAS', sentinelName)) as string[][];
      const own = replicas.find((fields) => fields[fields.indexOf('ip') + 1] === to.address) ?? [];
      return own[own.indexOf('slave-priority') + 1] === String(priorities.chosen);
    }),
  );
  return known.every(Boolean);
}

function numberIn(info: string, field: string): number {
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);
}
