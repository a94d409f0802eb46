import type { Driver } from 'neo4j-driver';
import type { Planted } from './plant.ts';

const user = 'silicon_level: 0, consciousness_level: 5, thinking_level: 3, created_at: datetime()';
const concept = "category: 'core', description: 'd', created_at: datetime()";
const knowledge = "title: 't', content: 'c', knowledge_type: 'theory', created_at: datetime(), updated_at: datetime()";

/** Runs statements; what they return as `id` is what they have planted. */
async function ids(driver: Driver, ...statements: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const statement of statements) {
    const { records } = await driver.executeQuery(statement);
    found.push(...records.map((record) => String(record.get('id'))));
  }
  return found;
}

/** One user, two concepts and one piece of knowledge are new. Nodes that others refer to as `near`. */
export async function plantNearMissesInNeo4j(driver: Driver): Promise<void> {
  await driver.executeQuery(`
    CREATE (u:User {id: 'near', name: 'alone for now', ${user}})
    CREATE (a:Concept {name: 'near a', silicon_level: 0, ${concept}}), (b:Concept {name: 'near b', silicon_level: 5, ${concept}})
    CREATE (k:Knowledge {id: 'near', silicon_level: 5, ${knowledge}})-[:ABOUT {relevance: 1}]->(a)
    CREATE (a)-[:RELATES_TO {type: 'one', strength: -0.0}]->(b), (b)-[:RELATES_TO {type: 'other', strength: 1.0}]->(a)
    CREATE (a)-[:INFLUENCES {type: 'one', strength: 0.5}]->(b), (b)-[:INFLUENCES {type: 'one', strength: 0.5}]->(a)
    CREATE (a)-[:INFLUENCES {type: 'other', strength: 0.5}]->(b), (a)-[:PREREQUISITE]->(b)`);
}

export async function plantInNeo4j(driver: Driver): Promise<Planted> {
  const levels = (label: string, key: string, rest: string, name: string, axis: string) =>
    ids(
      driver,
      ...['-1', '6', "'3'", '2.5'].map(
        (
          level,
        ) => `CREATE (x:${label} {${key}: '${label} ${axis} ${level.replaceAll("'", '')}', ${rest}}) SET x.${axis}_level = ${level}
                    WITH x ${name} RETURN x.${key} AS id`,
      ),
    );
  const alone = "MATCH (near:Concept {name: 'near a'}) CREATE (x)-[:PREREQUISITE]->(near)";
  const about = "MATCH (near:Concept {name: 'near a'}) CREATE (x)-[:ABOUT {relevance: 0.5}]->(near)";
  const named = (rest: string) => `name: 'n', ${rest}`;
  const pair =
    "MATCH (a:Concept {name: 'near a'}), (b:Concept {name: 'near b'}), (u:User {id: 'near'}), (k:Knowledge {id: 'near'})";
  const itself = await ids(
    driver,
    `${pair} UNWIND range(1, 2) AS number CREATE (a)-[r:RELATES_TO {type: 'back', strength: 1}]->(a) RETURN elementId(r) AS id`,
  );
  const planted: Planted = {
    'neo4j.user.silicon-level-invalid': await levels('User', 'id', named(user), '', 'silicon'),
    'neo4j.user.consciousness-level-invalid': await levels('User', 'id', named(user), '', 'consciousness'),
    'neo4j.user.thinking-level-invalid': await levels('User', 'id', named(user), '', 'thinking'),
    'neo4j.concept.silicon-level-invalid': await levels('Concept', 'name', concept, alone, 'silicon'),
    'neo4j.knowledge.silicon-level-invalid': await levels('Knowledge', 'id', knowledge, about, 'silicon'),
    'neo4j.concept.alone': await ids(
      driver,
      `CREATE (x:Concept {name: 'alone', silicon_level: 1, ${concept}}) RETURN x.name AS id`,
      `CREATE (x:Concept {name: 'related to itself', silicon_level: 1, ${concept}})-[:INFLUENCES {type: 'one', strength: 1}]->(x) RETURN x.name AS id`,
    ),
    'neo4j.knowledge.without-concept': await ids(
      driver,
      `CREATE (x:Knowledge {id: 'about nothing', silicon_level: 1, ${knowledge}}) RETURN x.id AS id`,
    ),
    // What has no id is told by nothing.
    'neo4j.user.id-null': await ids(driver, `CREATE (x:User {name: 'n', ${user}}) RETURN null AS id`),
    'neo4j.concept.name-null': await ids(
      driver,
      `CREATE (x:Concept {silicon_level: 1, ${concept}}) WITH x ${alone} RETURN null AS id`,
      `CREATE (x:Concept {name: ' ', silicon_level: 1, ${concept}}) WITH x ${alone} RETURN x.name AS id`,
    ),
    'neo4j.knowledge.id-null': await ids(
      driver,
      `CREATE (x:Knowledge {silicon_level: 1, ${knowledge}}) WITH x ${about} RETURN null AS id`,
    ),
    'neo4j.relates_to.duplicates': [
      ...(await ids(
        driver,
        `${pair} CREATE (b)-[r:RELATES_TO {type: 'one', strength: 0.1}]->(a) RETURN elementId(r) AS id`,
        `${pair} CREATE (a)-[r:RELATES_TO {type: 'one', strength: 0.1}]->(b) RETURN elementId(r) AS id`,
      )),
      ...itself.slice(1),
    ],
    'neo4j.influences.duplicates': await ids(
      driver,
      `${pair} CREATE (a)-[r:INFLUENCES {type: 'one', strength: 0.1}]->(b) RETURN elementId(r) AS id`,
    ),
    'neo4j.about.duplicates': await ids(
      driver,
      `${pair} CREATE (k)-[r:ABOUT {relevance: 0.1}]->(a) RETURN elementId(r) AS id`,
    ),
    'neo4j.learned.duplicates': await ids(
      driver,
      `${pair} UNWIND range(1, 3) AS number CREATE (u)-[r:LEARNED {learned_at: datetime()}]->(k) WITH r, number WHERE number > 1 RETURN elementId(r) AS id`,
    ),
    'neo4j.interested_in.duplicates': await ids(
      driver,
      `${pair} UNWIND range(1, 2) AS number CREATE (u)-[r:INTERESTED_IN {since: datetime()}]->(a) WITH r, number WHERE number > 1 RETURN elementId(r) AS id`,
    ),
    'neo4j.prerequisite.duplicates': await ids(
      driver,
      `${pair} CREATE (a)-[r:PREREQUISITE]->(b) RETURN elementId(r) AS id`,
    ),
    'neo4j.relates_to.strength-invalid': await ids(
      driver,
      ...['-0.1', '1.1', "'0.5'"].map(
        (strength, index) =>
          `${pair} CREATE (a)-[r:RELATES_TO {type: 'odd ${index}', strength: ${strength}}]->(b) RETURN elementId(r) AS id`,
      ),
      `${pair} CREATE (a)-[r:RELATES_TO {type: 'none'}]->(b) RETURN elementId(r) AS id`,
    ),
    'neo4j.influences.strength-invalid': await ids(
      driver,
      `${pair} CREATE (a)-[r:INFLUENCES {type: 'odd', strength: 2}]->(b) RETURN elementId(r) AS id`,
    ),
    'neo4j.relates_to.ends-invalid': itself,
    ...(await plantWrongEnds(driver, pair)),
    'neo4j.about.relevance-invalid': await ids(
      driver,
      `${pair} CREATE (k)-[r:ABOUT {relevance: 2.0}]->(b) RETURN elementId(r) AS id`,
    ),
  };
  return { ...planted, ...(await plantInCatalogue(driver)) };
}

/** Relationships that lead from or to what they are not for, or back. The concept that influences itself is alone, too. */
async function plantWrongEnds(driver: Driver, pair: string): Promise<Planted> {
  const made = (relationship: string) => ids(driver, `${pair} CREATE ${relationship} RETURN elementId(r) AS id`);
  const itself = await ids(
    driver,
    "MATCH (:Concept {name: 'related to itself'})-[r:INFLUENCES]->() RETURN elementId(r) AS id",
  );
  return {
    'neo4j.about.ends-invalid': await made('(u)-[r:ABOUT {relevance: 0.5}]->(a)'),
    'neo4j.learned.ends-invalid': await made('(u)-[r:LEARNED {learned_at: datetime()}]->(a)'),
    'neo4j.interested_in.ends-invalid': await made('(u)-[r:INTERESTED_IN {since: datetime()}]->(k)'),
    'neo4j.prerequisite.ends-invalid': await made('(k)-[r:PREREQUISITE]->(a)'),
    'neo4j.influences.ends-invalid': [...itself, ...(await made("(u)-[r:INFLUENCES {type: 'one', strength: 1}]->(b)"))],
  };
}

/** Circles of three and of six, with a way across the second, which is part of a shorter one; what leads into one, or out of it, is none. */
async function plantCircles(driver: Driver): Promise<readonly string[]> {
  const made = `MERGE (x:Concept {name: name}) ON CREATE SET x += {silicon_level: 1, ${concept}}`;
  const lines = [
    ['three 1', 'three 2', 'three 3', 'three 1'],
    ['six 1', 'six 2', 'six 3', 'six 4', 'six 5', 'six 6', 'six 1'],
    ['six 1', 'six 4'],
  ];
  const beside = [
    ['near a', 'three 1'],
    ['six 2', 'beyond'],
    ['six 3', 'beyond'],
  ];
  const linesOf = async (names: readonly (readonly string[])[]) => {
    const pairs = names.flatMap((line) => line.slice(1).map((to, place) => [line[place], to]));
    const { records } = await driver.executeQuery(
      `UNWIND $pairs AS pair CALL (pair) { UNWIND pair AS name ${made} } WITH pair
       MATCH (a:Concept {name: pair[0]}), (b:Concept {name: pair[1]}) CREATE (a)-[r:PREREQUISITE]->(b) RETURN elementId(r) AS id`,
      { pairs },
    );
    return records.map((record) => String(record.get('id')));
  };
  await linesOf(beside);
  return linesOf(lines);
}

/** A circle of two, and whatever the catalogue tells. */
async function plantInCatalogue(driver: Driver): Promise<Planted> {
  const mutual = await ids(
    driver,
    `MATCH (near:Concept {name: 'near a'})
     CREATE (x:Concept {name: 'before', silicon_level: 1, ${concept}})-[r:PREREQUISITE]->(near), (near)-[s:PREREQUISITE]->(x)
     RETURN elementId(CASE WHEN elementId(x) < elementId(near) THEN r ELSE s END) AS id`,
  );
  const itself = await ids(
    driver,
    `MATCH (near:Concept {name: 'near b'}) CREATE (near)-[r:PREREQUISITE]->(near) RETURN elementId(r) AS id`,
  );
  await driver.executeQuery("CREATE ({name: 'of no label'})");
  await driver.executeQuery('DROP INDEX user_silicon_level');
  await driver.executeQuery('CREATE INDEX undeclared FOR (c:Concept) ON (c.description)');
  await driver.executeQuery('DROP CONSTRAINT knowledge_id_unique');
  await driver.executeQuery('CREATE (:Surprise)-[:SURPRISES]->(:Surprise)');
  await driver.executeQuery('CREATE INDEX waiting FOR (n:Nobody) ON (n.name, n.born)');
  const surprised = ['LEARNED', 'INTERESTED_IN', 'PREREQUISITE', 'RELATES_TO', 'INFLUENCES', 'ABOUT'];
  for (const type of surprised) await driver.executeQuery(`MATCH ()-[r:${type}]->() WITH r LIMIT 1 SET r.surprise = 1`);
  return {
    'neo4j.prerequisite.mutual': [...mutual, ...itself],
    'neo4j.prerequisite.circles': await plantCircles(driver),
    'neo4j.places': [
      '() has no contract',
      '(:Nobody) has no contract',
      '(:Surprise) has no contract',
      '[:SURPRISES] has no contract',
    ],
    'neo4j.user.catalogue': ['index user_silicon_level is missing'],
    'neo4j.concept.catalogue': ['index undeclared is not declared'],
    'neo4j.knowledge.catalogue': ['constraint knowledge_id_unique is missing'],
    ...Object.fromEntries(
      surprised.map((type) => [`neo4j.${type.toLowerCase()}.catalogue`, ['property surprise is not declared']]),
    ),
  };
}
