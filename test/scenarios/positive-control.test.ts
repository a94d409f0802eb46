import { AssertionError } from 'node:assert';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { killNode, startNodeAgain } from '../../sandbox/containers/nodes.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { RunningEngine } from '../../sandbox/engines/engine.ts';
import { firstNode, openClient, probe } from '../../sandbox/engines/redis/connection.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { requireKept, survivorsOf } from '../../scenarios/failover.ts';
import { type DrillOptions, drillFailover } from '../../scenarios/failover-drill.ts';
import { createHistory } from '../../scenarios/history.ts';

const set = 'failover-set';

/** A Redis that is killed and started again: whether it keeps what it acknowledged is a matter of its settings. */
function restartDrill(settings: Readonly<Record<string, string>>): DrillOptions['failover'] {
  return {
    prepare: async (running) => {
      await using client = await openClient(firstNode(running), running.secrets);
      for (const [name, value] of Object.entries(settings)) await client.config('SET', name, value);
    },
    openWriter: async (running) => {
      const { host, port } = firstNode(running);
      const client = new Redis({
        host,
        port,
        password: running.secrets.default ?? '',
        retryStrategy: () => 20,
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
        enableOfflineQueue: false,
      });
      client.on('error', () => {});
      return {
        add: async (value) => {
          if (client.status !== 'ready') return 'failed';
          return client.sadd(set, value).then(
            () => 'ok' as const,
            () => 'unknown' as const,
          );
        },
        [Symbol.asyncDispose]: async () => client.disconnect(),
      };
    },
    killPrimary: async (running) => {
      await killNode(firstNode(running));
      return firstNode(running).name;
    },
    promote: async (running) => {
      await startNodeAgain(firstNode(running));
      await poll(() => probe(firstNode(running), running.secrets), {
        timeoutMs: deadlineMs('nodeReady'),
        onTimeout: () => new Error('Redis does not come back.'),
      });
      return firstNode(running).name;
    },
    readAll: async (running: RunningEngine) => {
      await using client = await openClient(firstNode(running), running.secrets);
      return (await client.smembers(set)).map(Number);
    },
  };
}

async function drill(settings: Readonly<Record<string, string>>) {
  await using stack = await createStack({ engines: ['redis'], size: 'none', schema: false });
  const history = createHistory();
  const outcome = await drillFailover({
    running: stack.engines.redis,
    failover: restartDrill(settings),
    survivorsOf,
    history,
    signal: new AbortController().signal,
  });
  return { outcome, history };
}

test('a store that writes nothing to disk loses what it acknowledged, and the checker says so', async () => {
  const { outcome, history } = await drill({ appendonly: 'no', save: '' });
  expect(outcome.findings.verdict).toBe('fail');
  expect(outcome.findings.lost.length).toBeGreaterThanOrEqual(200);
  expect(() => requireKept(outcome, 'nothing is lost')).toThrow(AssertionError);
  const faults = history.events.filter(({ process }) => process === 'nemesis').map(({ operation }) => operation);
  expect(faults).toEqual(['kill', 'kill', 'promote', 'promote']);
});

test('the same drill passes where each write is on disk before it is acknowledged', async () => {
  const { outcome } = await drill({ appendonly: 'yes', appendfsync: 'always' });
  expect(outcome.findings).toMatchObject({ verdict: 'pass', lost: [], unexpected: [] });
  expect(outcome.findings.acknowledged).toBeGreaterThanOrEqual(300);
  expect(outcome.recoveryMs).toBeGreaterThan(0);
  expect(() => requireKept(outcome, 'nothing is lost')).not.toThrow();
});
