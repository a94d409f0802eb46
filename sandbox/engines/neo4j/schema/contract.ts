import assert from 'node:assert/strict';
import neo4j, { type Driver, type EagerResult, Neo4jError } from 'neo4j-driver';
import type { Dataset } from '../../../../seeds/dataset.ts';
import type { ContractCase } from '../../contract/schema.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { knowledgeNetwork, knowledgeOfUser, readGraphModel, relatedConcepts } from '../bench/graph-model.ts';
import { uri, userName, withDriver } from '../server/connection.ts';
import { cypherFile } from '../server/cypher-file.ts';
import { applyInitialGraph } from './schema.ts';

export const contract: readonly ContractCase[] = [
  { name: 'a wrong password is refused', run: passwordIsNeeded },
  { name: 'the three constraints are there and refuse duplicates', run: duplicatesAreRefused },
  { name: 'the three indexes are there and online', run: indexesAreOnline },
  { name: 'the initial graph is there once, also after it is applied again', run: initialGraphIsThereOnce },
  { name: 'every level is from 0 to 5', run: levelsAreInRange },
  { name: 'prerequisites have no cycle', run: prerequisitesAreAcyclic },
  { name: 'the four queries give the known answers on Cypher 5 and 25', run: queriesAnswer },
];

async function passwordIsNeeded(running: RunningEngine): Promise<void> {
  await using driver = neo4j.driver(uri(running), neo4j.auth.basic(userName, 'wrong'));
  await assert.rejects(driver.executeQuery('RETURN 1'), { code: 'Neo.ClientError.Security.Unauthorized' });
}

async function duplicatesAreRefused(running: RunningEngine): Promise<void> {
  const keys = { User: 'id', Concept: 'name', Knowledge: 'id' };
  await withDriver(running, async (driver) => {
    for (const [label, key] of Object.entries(keys)) {
      const session = driver.session();
      const transaction = session.beginTransaction();
      try {
        await assert.rejects(
          transaction.run(`MATCH (n:${label}) WITH n LIMIT 1 CREATE (:${label} {${key}: n.${key}})`),
          (thrown) =>
            thrown instanceof Neo4jError && thrown.code === 'Neo.ClientError.Schema.ConstraintValidationFailed',
          `a second ${label} with the same ${key} was accepted`,
        );
      } finally {
        await session.close();
      }
    }
  });
}

async function indexesAreOnline(running: RunningEngine): Promise<void> {
  const wanted = ['concept_category', 'knowledge_created_at', 'user_silicon_level'];
  const { records } = await withDriver(running, (driver) =>
    driver.executeQuery<EagerResult<{ name: string }>>(
      "SHOW INDEXES YIELD name, state WHERE name IN $wanted AND state = 'ONLINE' RETURN name ORDER BY name",
      { wanted },
    ),
  );
  assert.deepEqual(
    records.map((record) => record.get('name')),
    wanted,
  );
}

async function initialGraphIsThereOnce(running: RunningEngine): Promise<void> {
  const counts = `MATCH (u:User {id: 'system'}) WITH count(u) AS system
    MATCH (:Concept {name: '硅基生命'})-[r:RELATES_TO]->(:Concept {name: '意识层级'}) WITH system, count(r) AS relates
    MATCH (:Concept {name: '意识层级'})-[i:INFLUENCES]->(:Concept {name: '思维模式'}) WITH system, relates, count(i) AS influences
    MATCH (:Knowledge {id: 'k001'})-[a:ABOUT]->(:Concept {name: '硅基生命'}) RETURN system, relates, influences, count(a) AS about`;
  await withDriver(running, async (driver) => {
    await applyInitialGraph(driver);
    const { records } = await driver.executeQuery(counts);
    assert.deepEqual(records[0]?.toObject(), { system: 1, relates: 1, influences: 1, about: 1 });
  });
}

async function levelsAreInRange(running: RunningEngine): Promise<void> {
  const { records } = await withDriver(running, (driver) =>
    driver.executeQuery<EagerResult<{ id: string }>>(
      `MATCH (n) WHERE n:User OR n:Concept OR n:Knowledge
       UNWIND [n.silicon_level, n.consciousness_level, n.thinking_level] AS level
       WITH n, level WHERE level IS NOT NULL AND NOT level IN range(0, 5) OR n.silicon_level IS NULL
       RETURN coalesce(n.id, n.name) AS id LIMIT 5`,
    ),
  );
  assert.deepEqual(
    records.map((record) => record.get('id')),
    [],
  );
}

/** Takes away what nothing leads to, until nothing is left: in Cypher every path would be walked. */
async function prerequisitesAreAcyclic(running: RunningEngine): Promise<void> {
  const { records } = await withDriver(running, (driver) =>
    driver.executeQuery<EagerResult<{ from: string; to: string }>>(
      'MATCH (a:Concept)-[:PREREQUISITE]->(b:Concept) RETURN a.name AS from, b.name AS to',
    ),
  );
  let edges = records.map((record) => record.toObject());
  assert.ok(edges.length > 0, 'there is no prerequisite');
  for (let before = edges.length + 1; edges.length < before; ) {
    before = edges.length;
    const targets = new Set(edges.map(({ to }) => to));
    edges = edges.filter(({ from }) => targets.has(from));
  }
  assert.deepEqual(edges, [], 'these edges are part of a cycle');
}

async function queriesAnswer(running: RunningEngine, dataset: Dataset): Promise<void> {
  const model = await readGraphModel(dataset);
  // A user of the highest level that knows and wants something: its answers are not cut short.
  const userId = [...model.users.values()].find(
    ({ id, levels }) => levels.silicon === 5 && model.learned.has(id) && relatedConcepts(model, id).length > 0,
  )?.id;
  assert.ok(userId !== undefined, 'the dataset has no user of level 5 with related concepts');
  const prerequisite = model.relations.find(({ kind }) => kind === 'PREREQUISITE');
  assert.ok(prerequisite !== undefined, 'the dataset has no prerequisite');

  await withDriver(running, async (driver) => {
    for (const version of [5, 25]) {
      const known = await ask(driver, version, 'knowledge-of-user', { userId });
      assert.deepEqual(pick(known, 'knowledge_count'), knowledgeOfUser(model, userId));
      const related = await ask(driver, version, 'related-concepts', { userId });
      assert.deepEqual(pick(related, 'connection_strength'), relatedConcepts(model, userId));
      const network = await ask(driver, version, 'knowledge-network', { level: neo4j.int(3) });
      assert.deepEqual(pick(network, 'connections'), knowledgeNetwork(model, 3));
      const paths = await ask(driver, version, 'learning-path', {
        startConcept: prerequisite.from,
        endConcept: prerequisite.to,
        userSiliconLevel: neo4j.int(5),
      });
      assert.deepEqual(paths[0], { concepts: [prerequisite.from, prerequisite.to], path_length: 1 });
    }
  });
}

async function ask(
  driver: Driver,
  version: number,
  name: string,
  parameters: object,
): Promise<Record<string, unknown>[]> {
  const statement = await cypherFile('queries', `${name}.cypher`);
  const { records } = await driver.executeQuery(`CYPHER ${version} ${statement}`, parameters);
  return records.map((record) => record.toObject() as Record<string, unknown>);
}

function pick(rows: readonly Record<string, unknown>[], count: string): { name: unknown; count: unknown }[] {
  return rows.map((row) => ({ name: row.name, count: row[count] }));
}
