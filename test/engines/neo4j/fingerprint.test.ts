import type { Driver, EagerResult, Node } from 'neo4j-driver';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Connection, RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { neo4j } from '../../../sandbox/engines/neo4j/engine.ts';
import { connect } from '../../../sandbox/engines/neo4j/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { fewRows } from '../../support/few-rows.ts';
import { type Mutation, testMutations } from '../support/mutations.ts';

let stack: Stack<'neo4j'>;
let running: RunningEngine;
let connection: Connection<Driver>;

const system = { database: 'system' };
const createUser = "CREATE USER reader SET PASSWORD 'a-password' CHANGE NOT REQUIRED";

beforeAll(async () => {
  stack = await createStack({ engines: ['neo4j'], size: fewRows, connect: false });
  running = stack.engines.neo4j;
  connection = await connect(running);
  await connection.client.executeQuery(createUser, {}, system);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await stack?.dispose();
});

/** A damage that is one statement, undone by another. */
function statements(damage: string, undo: string, options: object = {}): Mutation<Driver>['damage'] {
  return async (driver) => {
    await driver.executeQuery(damage, {}, options);
    return () => driver.executeQuery(undo, {}, options);
  };
}

const node = "MATCH (n:Knowledge {id: 'k001'})";
const relationship = "MATCH (:Concept {name: '硅基生命'})-[r:RELATES_TO]->(:Concept {name: '意识层级'})";

const mutations: readonly Mutation<Driver>[] = [
  {
    name: 'one changed letter of a property',
    parts: ['nodes Knowledge'],
    damage: async (driver) => {
      const { records } = await driver.executeQuery<EagerResult<{ n: Node }>>(`${node} RETURN n`);
      const title = records[0]?.get('n').properties.title;
      await driver.executeQuery(`${node} SET n.title = '~' + substring(n.title, 1)`);
      return () => driver.executeQuery(`${node} SET n.title = $title`, { title });
    },
  },
  {
    name: 'a number of another type',
    parts: ['nodes Knowledge'],
    damage: statements(`${node} SET n.silicon_level = 3.0`, `${node} SET n.silicon_level = 3`),
  },
  {
    name: 'a lost node',
    parts: ['nodes SandboxRecord'],
    damage: async (driver) => {
      const match = "MATCH (n:SandboxRecord {name: 'dataset'})";
      const { records } = await driver.executeQuery<EagerResult<{ text: string }>>(`${match} RETURN n.text AS text`);
      const text = records[0]?.get('text');
      await driver.executeQuery(`${match} DELETE n`);
      return () => driver.executeQuery("CREATE (:SandboxRecord {name: 'dataset', text: $text})", { text });
    },
  },
  {
    name: 'a lost label',
    parts: ['nodes Knowledge', 'nodes without a label'],
    damage: statements(
      `${node} REMOVE n:Knowledge`,
      "MATCH (n {id: 'k001'}) WHERE size(labels(n)) = 0 SET n:Knowledge",
    ),
  },
  {
    name: 'a changed property of a relationship',
    parts: ['relationships RELATES_TO'],
    damage: statements(`${relationship} SET r.strength = 0.81`, `${relationship} SET r.strength = 0.8`),
  },
  {
    name: 'a relationship in the other direction',
    parts: ['relationships INFLUENCES'],
    damage: statements(
      "MATCH (a:Concept {name: '意识层级'})-[r:INFLUENCES]->(b:Concept {name: '思维模式'}) CREATE (b)-[s:INFLUENCES]->(a) SET s = properties(r) DELETE r",
      "MATCH (a:Concept {name: '意识层级'})<-[r:INFLUENCES]-(b:Concept {name: '思维模式'}) CREATE (a)-[s:INFLUENCES]->(b) SET s = properties(r) DELETE r",
    ),
  },
  {
    name: 'a lost constraint',
    parts: ['constraints', 'indexes'],
    damage: statements(
      'DROP CONSTRAINT knowledge_id_unique',
      'CREATE CONSTRAINT knowledge_id_unique FOR (k:Knowledge) REQUIRE k.id IS UNIQUE',
    ),
  },
  {
    name: 'a lost index',
    parts: ['indexes'],
    damage: statements('DROP INDEX concept_category', 'CREATE INDEX concept_category FOR (c:Concept) ON (c.category)'),
  },
  { name: 'a lost user', parts: ['users'], damage: statements('DROP USER reader', createUser, system) },
  {
    name: 'a user that must change its password',
    parts: ['users'],
    damage: statements(
      'ALTER USER reader SET PASSWORD CHANGE REQUIRED',
      'ALTER USER reader SET PASSWORD CHANGE NOT REQUIRED',
      system,
    ),
  },
];

describe('the fingerprint of Neo4j notices', () => {
  testMutations(
    mutations,
    () => connection.client,
    () => neo4j.data.fingerprint(running),
  );
});
