import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { withDriver } from '../../../../sandbox/engines/neo4j/server/connection.ts';
import type { Breakage, SchemaTrial } from './schema-trial.ts';

const run = (running: RunningEngine, ...statements: readonly string[]) =>
  withDriver(running, async (driver) => {
    for (const statement of statements) await driver.executeQuery(statement);
  });

const breakage = (told: readonly string[], ...statements: readonly string[]): Breakage => ({
  act: (running) => run(running, ...statements),
  told,
});

export const neo4j: SchemaTrial = {
  add: (running) =>
    run(
      running,
      'CREATE INDEX service_nickname FOR (u:User) ON (u.nickname)',
      'CREATE CONSTRAINT service_order FOR (o:Order) REQUIRE o.id IS UNIQUE',
      "CREATE (:Order {id: 'of a service'})",
    ),
  breakages: () => [
    breakage(['index user_silicon_level missing'], 'DROP INDEX user_silicon_level'),
    breakage(
      ['index concept_category different'],
      'DROP INDEX concept_category',
      'CREATE INDEX concept_category FOR (c:Concept) ON (c.description)',
    ),
    breakage(
      ['index knowledge_created_at different'],
      'DROP INDEX knowledge_created_at',
      'CREATE TEXT INDEX knowledge_created_at FOR (k:Knowledge) ON (k.created_at)',
    ),
    // With two nodes that it would not have let in.
    breakage(
      ['constraint user_id_unique missing'],
      'DROP CONSTRAINT user_id_unique',
      "CREATE (:User {id: 'twice'}), (:User {id: 'twice'})",
    ),
    breakage(
      ['constraint concept_name_unique different'],
      'DROP CONSTRAINT concept_name_unique',
      'CREATE CONSTRAINT concept_name_unique FOR (c:Concept) REQUIRE (c.name, c.category) IS UNIQUE',
    ),
    // The same under another name.
    breakage(
      ['constraint knowledge_id_unique missing'],
      'DROP CONSTRAINT knowledge_id_unique',
      'CREATE CONSTRAINT renamed FOR (k:Knowledge) REQUIRE k.id IS UNIQUE',
    ),
    breakage(
      ['node k001 missing', 'relationship ABOUT k001 -> 硅基生命 missing'],
      "MATCH (k:Knowledge {id: 'k001'}) DETACH DELETE k",
    ),
    breakage(
      ['relationship INFLUENCES 意识层级 -> 思维模式 missing'],
      "MATCH (:Concept {name: '意识层级'})-[r:INFLUENCES]->(:Concept {name: '思维模式'}) DELETE r",
    ),
  ],
  catalogue: (running) =>
    withDriver(running, async (driver) => {
      const lists = await Promise.all(
        [
          'SHOW CONSTRAINTS YIELD createStatement AS line',
          'SHOW INDEXES YIELD createStatement AS line',
          'MATCH (o:Order) RETURN o.id AS line',
        ].map((statement) => driver.executeQuery(statement)),
      );
      return lists.flatMap(({ records }) => records.map((record) => String(record.get('line')))).toSorted();
    }),
};
