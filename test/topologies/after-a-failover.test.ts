import { expect, test, vi } from 'vitest';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { postgresql } from '../../sandbox/engines/postgresql/engine.ts';
import { openClient as openPostgresql } from '../../sandbox/engines/postgresql/server/connection.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { openClient as openRedis } from '../../sandbox/engines/redis/server/connection.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { backupFolder, differences, supported } from '../engines/support/backup-folder.ts';
import { fewRows } from '../support/few-rows.ts';
import type { Whole } from '../support/whole-engines.ts';
import { eventually, untilWritable } from './support/write-through.ts';

// Two stacks one after the other, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 });

interface Subject {
  readonly engine: Whole;
  /** Writes on this node itself what a fingerprint shows. */
  readonly writeOn: (node: NodeHandle, running: RunningEngine) => Promise<void>;
}

const subjects: readonly Subject[] = [
  {
    engine: postgresql,
    writeOn: async (node, { secrets }) => {
      await using opened = await openPostgresql(node, secrets, { database: 'taishang_users' });
      const user = "VALUES ('after-failover', 'after@failover.test', '')";
      await opened.client.query(`INSERT INTO users (username, email, password_hash) ${user}`);
    },
  },
  {
    engine: redis,
    writeOn: async (node, { secrets }) => {
      await using client = await openRedis(node, secrets);
      await client.set('written:after', 'the failover');
    },
  },
];

test.each(subjects)('checks, backups and paths ask the new primary of $engine.name', async ({ engine, writeOn }) => {
  const name = engine.name as EngineName;
  const failover = engine.failover as Failover;
  const backup = supported(engine.backup);
  await using folder = await backupFolder();
  await using stack = await createStack({
    engines: [name],
    topologies: { [name]: 'replicated' },
    failover: false,
    size: fewRows,
  });
  const { dataset } = stack;
  const running = stack.engines[name];
  const [first] = running.nodes;
  if (dataset === undefined || first === undefined) throw new Error('nothing was loaded');
  const before = await engine.data.fingerprint(running);

  await stack.faults.inject({ kind: 'kill', node: first.name });
  await failover.promote?.(running);
  const promoted = await untilPromoted(engine, running);
  expect(promoted).not.toBe(first);
  // One whose replicas do not follow yet refuses writes.
  await untilWritable(() => writeOn(promoted, running));

  const works = async () => {
    const after = await engine.data.fingerprint(running);
    // What was written on the new primary is in it.
    expect(differences(before, after)).not.toEqual([]);
    expect(await engine.data.loadedFingerprint(running)).toBe(await dataset.fingerprint());
    for await (const user of engine.data.readBack.user?.(running) ?? []) expect(user.id).not.toBe('');
    for (const promise of engine.schema.contract) {
      await promise.run(running, dataset).catch((thrown: unknown) => {
        throw new Error(`not kept: ${promise.name}: ${messageOf(thrown)}`, { cause: thrown });
      });
    }
    // Some of them write, which a standby would refuse.
    for (const path of engine.bench.paths) {
      expect(await path.missing(running), path.name).toEqual([]);
      await using prepared = await path.prepare({ running, dataset });
      await prepared.run(0);
    }
    await using reads = await engine.bench.platformReads?.open(running);
    expect(reads).toBeDefined();
    expect(Object.keys((await engine.bench.serverSettings?.(running)) ?? {})).not.toEqual([]);
    return after;
  };
  // The first node is down; then it is there again, and follows.
  await works();
  await stack.faults.heal();
  await failover.rejoin?.(running, first.name);
  await failover.settle?.(running);
  const after = await works();

  const manifest = await backup.backUp(running, folder.path);
  const beside = await backup.restoreBeside?.(running, folder.path, manifest);
  expect(await backup.discardBeside?.(running)).toEqual(beside);
  await using target = await createStack({ engines: [name], size: 'none', schema: false });
  await backup.restore(target.engines[name], folder.path, manifest);
  expect(differences(after, await engine.data.fingerprint(target.engines[name]))).toEqual([]);
});

function untilPromoted(engine: Whole, running: RunningEngine): Promise<NodeHandle> {
  const { isPrimary } = engine.failover as Failover;
  return eventually('another node is the primary', async () => {
    const role = (await engine.failover.roles?.(running))?.find(isPrimary);
    return running.nodes.find(({ name }) => name === role?.node);
  });
}
