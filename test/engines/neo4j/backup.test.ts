import neo4jDriver, { type Driver } from 'neo4j-driver';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import { silent } from '../../../sandbox/core/progress.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import {
  type Connection,
  firstNode,
  type RunningEngine,
  type Topology,
} from '../../../sandbox/engines/contract/topology.ts';
import { neo4j } from '../../../sandbox/engines/neo4j/engine.ts';
import { connect, uri } from '../../../sandbox/engines/neo4j/server/connection.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fillNewVolumes, type Staged } from '../../../sandbox/stack/furnish/staged-engines.ts';
import { fewRows } from '../../support/few-rows.ts';
import { wholeEngine } from '../../support/whole-engines.ts';
import { testBackup } from '../support/backup-suite.ts';
import { backupOf, refusalOf, type StoredBackup, takeBackup, withBelievedPart } from '../support/backups.ts';

const engine = neo4j as Engine;
const backup = backupOf(engine);
const system = { database: 'system' };

let sourceStack: Stack<'neo4j'>;
let targetStack: Stack<'neo4j'>;
let source: RunningEngine;
let target: RunningEngine;
let connection: Connection<Driver>;
let taken: StoredBackup;
let before: Fingerprint;
/** Values whose transaction was acknowledged while the backup was made. */
const acknowledged: number[] = [];

beforeAll(async () => {
  [sourceStack, targetStack] = await Promise.all([
    createStack({ engines: ['neo4j'], size: fewRows, connect: false }),
    createStack({ engines: ['neo4j'], size: 'none', schema: false, connect: false }),
  ]);
  source = sourceStack.engines.neo4j;
  target = targetStack.engines.neo4j;
  connection = await connect(source);
  await connection.client.executeQuery("CREATE USER reader SET PASSWORD 'a-password' CHANGE NOT REQUIRED", {}, system);
  const writing = writeUntilRefused();
  await poll(() => acknowledged.length > 20, {
    timeoutMs: deadlineMs('statement'),
    onTimeout: () => new Error('nothing is written'),
  });
  taken = await takeBackup(engine, source);
  await writing;
  before = await neo4j.data.fingerprint(source);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await taken?.[Symbol.asyncDispose]();
  await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
});

/** Moves between two accounts and notes each value, in one transaction each, until the node goes down for the backup. */
async function writeUntilRefused(): Promise<void> {
  await using writer = await connect(source);
  await writer.client.executeQuery('CREATE (:Account {id: 1, balance: 100}), (:Account {id: 2, balance: 100})');
  await using session = writer.client.session();
  try {
    for (let value = 0; ; value += 1) {
      await session.run(
        `MATCH (a:Account {id: 1}), (b:Account {id: 2}) SET a.balance = a.balance - 1, b.balance = b.balance + 1
         CREATE (:Noted {value: $value})`,
        { value },
      );
      acknowledged.push(value);
    }
  } catch {
    // The node went down; whether the last one is in the backup is unknown.
  }
}

testBackup({
  engine: await wholeEngine('neo4j'),
  backedUp: () => ({ source, target, taken }),
  parts: ['neo4j.dump'],
  foreign: () => [
    { engine: 'redis' },
    { origin: 'compatible' },
    { serverVersion: '2099.01.0' },
    { serverVersion: '4.4.9' },
  ],
  wrongSecrets: { neo4j: 'wrong-password' },
  folder: { path: '/data', owner: '7474:7474' },
  requireEmpty,
});

async function requireEmpty(): Promise<void> {
  const { output } = await execInNode(firstNode(target), ['ls', '/data']);
  expect(output).not.toContain('restored');
}

describe('what Neo4j alone refuses', () => {
  afterEach(requireEmpty);

  test('users that are none, and a dump of users that is none', async () => {
    await using users = await withBelievedPart(taken, 'users.json', () => Buffer.from('{"users": 1}'));
    expect(await refusalOf(engine, target, users)).toBe('BACKUP_PART_UNREADABLE');
    await using dump = await withBelievedPart(taken, 'system.dump', () => Buffer.from('{"status": "ok"}'));
    expect(await refusalOf(engine, target, dump)).toBe('BACKUP_PART_UNREADABLE');
  });
});

test('the commands of the specification are caught: neo4j-admin has no such words since Neo4j 5', async () => {
  await expect(backup.asSpecified?.run(source, target)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});

describe('volumes of a node that was never started', () => {
  const standalone = engine.topologies.standalone as Topology;
  const labels = () => ({ [labelNames.stack]: targetStack.name, [labelNames.purpose]: 'throw-away' });
  const staged = (generation: number): Staged => ({
    engine,
    topology: standalone,
    image: target.image,
    secrets: { neo4j: 'another-password' },
    generation,
  });
  const restored = (generation: number, manifest: BackupManifest, started: (running: RunningEngine) => Promise<void>) =>
    fillNewVolumes(
      [staged(generation)],
      { labels: labels(), progress: silent, signal: new AbortController().signal },
      {
        fillsUnstarted: () => true,
        unstarted: (unstarted) => backup.restoreUnstarted?.(unstarted, taken.directory, manifest) ?? Promise.reject(),
        started,
      },
    );

  test('give, at the first start, the same graph, constraints, indexes and users, and the passwords of the target', async () => {
    let after: Fingerprint | undefined;
    await restored(1, taken.manifest, async (running) => {
      after = await neo4j.data.fingerprint(running);
    });
    expect(after === undefined ? undefined : differenceOf(before, after)).toEqual({ different: [], expired: [] });
  });

  test('are refused a dump of a later version, before anything is started', async () => {
    const manifest = { ...taken.manifest, serverVersion: '2099.01.0' };
    const started = restored(2, manifest, () => Promise.reject(new Error('it was started')));
    await expect(started).rejects.toMatchObject({ code: 'BACKUP_VERSION_FOREIGN' });
  });
});

describe('a round trip', () => {
  beforeAll(async () => {
    await backup.restore(target, taken.directory, taken.manifest);
  });
  // As others need it.
  afterAll(async () => {
    await using there = await connect(target);
    const { records } = await there.client.executeQuery('SHOW CONSTRAINTS YIELD name RETURN name');
    for (const record of records) await there.client.executeQuery(`DROP CONSTRAINT \`${record.get('name')}\``);
    await there.client.executeQuery('MATCH (n) DETACH DELETE n');
    await there.client.executeQuery('DROP USER reader', {}, system);
  });

  test('brings back the same graph, constraints, indexes and users, and the passwords of the target', async () => {
    expect(differenceOf(before, await neo4j.data.fingerprint(target))).toEqual({ different: [], expired: [] });
    await backup.writeAfterwards(target);
    const reader = neo4jDriver.driver(uri(target), neo4jDriver.auth.basic('reader', 'a-password'));
    await reader.verifyAuthentication().then((isRight) => expect(isRight).toBe(true));
    await reader.close();
  });

  test('has everything that was acknowledged while the backup was made, and nothing halfway', async () => {
    await using there = await connect(target);
    const { records } = await there.client.executeQuery('MATCH (n:Noted) RETURN n.value AS value ORDER BY value');
    const values = records.map((record) => Number(record.get('value')));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(values).toEqual(values.map((_, index) => index));
    expect(values.length).toBeGreaterThanOrEqual(acknowledged.length);
    const balances = await there.client.executeQuery(
      'MATCH (a:Account {id: 1}), (b:Account {id: 2}) RETURN a.balance + b.balance AS total, b.balance - 100 AS moved',
    );
    expect(balances.records[0]?.toObject()).toEqual({ total: 200, moved: values.length });
  });
});
