import type { Driver } from 'neo4j-driver';
import type { Pool } from 'pg';
import { expect } from 'vitest';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { EngineCore } from '../../../sandbox/engines/contract/engine.ts';
import type { Failover } from '../../../sandbox/engines/contract/failover.ts';
import type { RunningEngine, TopologyName } from '../../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../../sandbox/engines/engine-names.ts';
import { neo4j } from '../../../sandbox/engines/neo4j/engine.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import { redis } from '../../../sandbox/engines/redis/engine.ts';
import type { RedisClient } from '../../../sandbox/engines/redis/server/client.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { attachState } from '../../../sandbox/stack/attach/attach-stack.ts';
import type { StackStatus } from '../../../sandbox/stack/attach/stack-status.ts';
import { runForDocument, type StackFolder, stackFolder } from '../../support/command.ts';
import { fewRowsText } from '../../support/few-rows.ts';
import type { Whole } from '../../support/whole-engines.ts';
import { untilWritable } from './write-through.ts';

/** An engine whose topologies run with every image, and a walk over all ways between any two of them. */
export interface Walk {
  readonly engine: Whole & Required<Pick<EngineCore, 'connect'>>;
  readonly topologies: readonly [TopologyName, ...TopologyName[]];
  /** One that comes to each topology and leaves each, for every change; default: all the ways. None: it takes minutes. */
  readonly short?: 'none' | readonly [TopologyName, ...TopologyName[]];
  /** Adds a row of the user's own, through an ordinary client. */
  readonly add: (client: unknown, name: string) => Promise<unknown>;
  /** Names of those that are there. */
  readonly added: (client: unknown) => Promise<readonly string[]>;
  /** Parts of the fingerprint that are the sandbox's own and change with the layout. */
  readonly ofLayout?: readonly string[];
  readonly remove: (client: unknown, name: string) => Promise<unknown>;
  /** Makes another node the primary, as the engine does it or we do. */
  readonly failOver: (running: RunningEngine, folder: StackFolder) => Promise<unknown>;
}

const killPrimary =
  (name: string) =>
  (_: RunningEngine, { path }: StackFolder) =>
    runForDocument(['fault', 'kill', `${name}:primary`], { cwd: path });

export const walks: readonly Walk[] = [
  {
    engine: redis,
    topologies: ['standalone', 'replicated', 'clustered', 'standalone', 'clustered', 'replicated', 'standalone'],
    short: ['standalone', 'replicated', 'clustered', 'standalone'],
    add: (client, name) => (client as RedisClient).set(`mine:${name}`, name),
    added: async (client) => {
      const names = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
      const found = await Promise.all(names.map((name) => (client as RedisClient).get(`mine:${name}`)));
      return found.filter((name) => name !== null);
    },
    remove: (client, name) => (client as RedisClient).del(`mine:${name}`),
    // A cluster has one database, and no `min-replicas-to-write`.
    ofLayout: ['configuration'],
    failOver: killPrimary('redis'),
  },
  {
    engine: postgresql,
    topologies: ['standalone', 'replicated', 'standalone'],
    add: (client, name) =>
      (client as Pool).query("INSERT INTO users (username, email, password_hash) VALUES ($1, $1, 'mine')", [name]),
    added: async (client) => {
      const { rows } = await (client as Pool).query("SELECT username FROM users WHERE password_hash = 'mine'");
      return rows.map(({ username }) => username);
    },
    remove: (client, name) => (client as Pool).query('DELETE FROM users WHERE username = $1', [name]),
    failOver: killPrimary('postgresql'),
  },
  {
    engine: neo4j,
    topologies: ['standalone', 'replicated', 'standalone'],
    // Of a dozen starts of its server.
    short: 'none',
    add: (client, name) => (client as Driver).executeQuery('CREATE (:Mine {name: $name})', { name }),
    added: async (client) => {
      const { records } = await (client as Driver).executeQuery('MATCH (m:Mine) RETURN m.name AS name');
      return records.map((record) => record.get('name'));
    },
    remove: (client, name) => (client as Driver).executeQuery('MATCH (m:Mine {name: $name}) DELETE m', { name }),
    // It has the moment of the standby's dump.
    ofLayout: ['nodes SandboxRecord'],
    failOver: (running) => (neo4j.failover as Failover).promote?.(running) ?? Promise.reject(),
  },
];

const rows = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'] as const;

/** The shorter walks, which every run of the tests takes. */
export const shortWalks: readonly Walk[] = walks.flatMap((walk) =>
  walk.short === 'none' ? [] : [{ ...walk, topologies: walk.short ?? walk.topologies }],
);

/** Walks all the ways, and holds the data after each against what it was before. */
export async function walkOver(walk: Walk): Promise<void> {
  const {
    engine,
    topologies: [first, ...others],
    add,
    added,
    remove,
    failOver,
    ofLayout = [],
  } = walk;
  const name = engine.name as EngineName;
  await using folder = await stackFolder();
  const here = { cwd: folder.path };
  const up = (topology?: TopologyName) =>
    runForDocument<StackStatus>(
      [
        'up',
        '--engines',
        name,
        '--size',
        fewRowsText,
        ...(topology === undefined ? [] : ['--topology', `${name}=${topology}`]),
      ],
      here,
    );
  const running = async () => {
    const { engines } = await attachState({ directory: folder.path });
    return engines.get(name) as RunningEngine;
  };
  const withClient = async <Value>(work: (client: unknown) => Promise<Value>) => {
    await using connection = await engine.connect(await running());
    // Awaited here: the connection ends with this block.
    return await work(connection.client);
  };
  const fingerprint = async () => engine.data.fingerprint(await running());
  const different = (before: Fingerprint, after: Fingerprint) =>
    differenceOf(before, after).different.filter((part) => !ofLayout.includes(part));

  await up(first);
  const expected: string[] = [];
  let topology: TopologyName = first;
  for (const [index, next] of others.entries()) {
    const row = rows[index] ?? '';
    const before = await fingerprint();
    if (topology === 'replicated') await failOver(await running(), folder);
    await untilWritable(() => withClient((client) => add(client, row)));
    expected.push(row);
    const after = await fingerprint();
    // The control: a volume that lacks the row would be told from one that has it.
    expect(different(before, after)).not.toEqual([]);
    // Down and up in turns, and on the running stack.
    if (index % 2 === 0) expect(await folder.run('down')).toMatchObject({ exitCode: 0 });
    expect((await up(next)).engines).toMatchObject([{ engine: name, topology: next }]);
    expect(await withClient(added), `${topology} to ${next}`).toEqual(expect.arrayContaining(expected));
    expect(different(after, await fingerprint()), `${topology} to ${next}`).toEqual([]);
    topology = next;
  }
  await withClient((client) => remove(client, rows[0]));
  expect(await withClient(added)).not.toContain(rows[0]);
}
