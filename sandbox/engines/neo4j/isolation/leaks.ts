import { randomUUID } from 'node:crypto';
import neo4j, { type Driver, type RecordShape } from 'neo4j-driver';
import type { Leak, Place } from '../../contract/isolation.ts';

function open(place: Place, login: Place = place): Driver {
  const { NEO4J_USERNAME = '', NEO4J_PASSWORD = '' } = login.environment;
  return neo4j.driver(place.uri, neo4j.auth.basic(NEO4J_USERNAME, NEO4J_PASSWORD), { telemetryDisabled: true });
}

async function rowsOf<Row extends RecordShape>(
  driver: Driver,
  statement: string,
  { parameters = {}, database = 'neo4j' }: { readonly parameters?: object; readonly database?: string } = {},
): Promise<readonly Row[]> {
  const { records } = await driver.executeQuery(statement, parameters, { database });
  return records.map((record) => record.toObject() as Row);
}

/** Does something in the attacker's server that bears a name, and looks for that name in a list of the victim's. */
function listedBy(
  act: (driver: Driver, name: string) => Promise<unknown>,
  list: { readonly statement: string; readonly database?: string },
): Leak['attempt'] {
  return async (attacker, victim) => {
    const name = `Leak_${randomUUID().replaceAll('-', '')}`;
    await using one = open(attacker);
    await using other = open(victim);
    await act(one, name);
    const rows = await rowsOf(other, list.statement, list);
    return JSON.stringify(rows).includes(name) ? [name] : [];
  };
}

/** Names that stay in a store for good once something bore them (Neo4j documentation, "db.propertyKeys"). */
const tokens = { label: 'LeakedLabel', type: 'LEAKED_TYPE', key: 'leakedKey' } as const;

async function tokensIn(place: Place): Promise<readonly string[]> {
  await using driver = open(place);
  const seen = [
    ...(await rowsOf(driver, 'CALL db.labels()')),
    ...(await rowsOf(driver, 'CALL db.relationshipTypes()')),
    ...(await rowsOf(driver, 'CALL db.propertyKeys()')),
  ].flatMap((row) => Object.values(row));
  return Object.values(tokens).filter((token) => seen.includes(token));
}

/** Every way out of a server that a test has for itself, and what outlives a reset of it. */
export const leaks: readonly Leak[] = [
  {
    name: 'nodes',
    verdict: 'isolated',
    attempt: listedBy((driver, name) => rowsOf(driver, 'CREATE (:User {id: $name})', { parameters: { name } }), {
      statement: "MATCH (n:User) WHERE n.id STARTS WITH 'Leak_' RETURN n.id",
    }),
  },
  {
    name: 'constraints',
    verdict: 'isolated',
    attempt: listedBy(
      (driver, name) => rowsOf(driver, `CREATE CONSTRAINT ${name} FOR (n:${name}) REQUIRE n.id IS UNIQUE`),
      { statement: 'SHOW CONSTRAINTS YIELD name' },
    ),
  },
  {
    name: 'indexes',
    verdict: 'isolated',
    attempt: listedBy((driver, name) => rowsOf(driver, `CREATE INDEX ${name} FOR (n:${name}) ON (n.id)`), {
      statement: 'SHOW INDEXES YIELD name',
    }),
  },
  {
    name: 'users',
    verdict: 'isolated',
    attempt: listedBy(
      (driver, name) =>
        rowsOf(driver, 'CREATE USER $name SET PASSWORD $password CHANGE NOT REQUIRED', {
          parameters: { name, password: randomUUID() },
          database: 'system',
        }),
      { statement: 'SHOW USERS YIELD user', database: 'system' },
    ),
  },
  {
    name: 'password',
    verdict: 'isolated',
    async attempt(attacker, victim) {
      await using driver = open(victim, attacker);
      return (await driver.verifyAuthentication()) ? ["the attacker's password opens it"] : [];
    },
  },
  {
    name: 'TERMINATE TRANSACTIONS',
    verdict: 'isolated',
    attempt: endingTransactions(async (driver) => {
      const rows = await rowsOf<{ id: string }>(driver, 'SHOW TRANSACTIONS YIELD transactionId AS id');
      await rowsOf(driver, 'TERMINATE TRANSACTIONS $ids', { parameters: { ids: rows.map(({ id }) => id) } });
    }),
  },
  {
    name: 'connections',
    verdict: 'isolated',
    attempt: endingTransactions(async (driver) => {
      const rows = await rowsOf<{ id: string }>(driver, 'CALL dbms.listConnections() YIELD connectionId AS id');
      await rowsOf(driver, 'CALL dbms.killConnections($ids)', { parameters: { ids: rows.map(({ id }) => id) } });
    }),
  },
  {
    name: 'databases',
    verdict: 'isolated',
    notRunOn: {
      official: 'Community Edition has one database for people, and makes no other',
      built: 'Community Edition has one database for people, and makes no other',
    },
    attempt: listedBy((driver, name) => rowsOf(driver, `CREATE DATABASE ${name}`, { database: 'system' }), {
      statement: 'SHOW DATABASES YIELD name',
      database: 'system',
    }),
  },
  {
    name: 'dbms.setConfigValue',
    verdict: 'isolated',
    notRunOn: { official: 'Community Edition does not have it', built: 'Community Edition does not have it' },
    async attempt(attacker, victim) {
      await using one = open(attacker);
      await using other = open(victim);
      await rowsOf(one, "CALL dbms.setConfigValue('db.logs.query.enabled', 'VERBOSE')");
      const [row] = await rowsOf<{ value: string }>(
        other,
        "SHOW SETTINGS YIELD name, value WHERE name = 'db.logs.query.enabled' RETURN value",
      );
      return row?.value === 'VERBOSE' ? ['db.logs.query.enabled'] : [];
    },
  },
  {
    name: 'tokens of labels, types and properties',
    verdict: 'not isolated',
    note: 'A store keeps names that were used once. Ask what there is by MATCH, and not by db.propertyKeys().',
    async attempt(attacker, victim) {
      await using driver = open(attacker);
      await rowsOf(driver, `CREATE (:${tokens.label} {${tokens.key}: 1})-[:${tokens.type}]->(:${tokens.label})`);
      return tokensIn(victim);
    },
    afterReset: tokensIn,
  },
];

/** Ends all that there is in the attacker's server, while a transaction is open in the victim's. */
function endingTransactions(endAll: (driver: Driver) => Promise<void>): Leak['attempt'] {
  return async (attacker, victim) => {
    await using one = open(attacker);
    await using other = open(victim);
    const session = other.session();
    try {
      const transaction = session.beginTransaction();
      await transaction.run('CREATE (:Leak)');
      // It ends itself too.
      await endAll(one).catch(() => undefined);
      await transaction.run('RETURN 1');
      await transaction.rollback();
      return [];
    } catch (thrown) {
      return [`its transaction was ended: ${(thrown as Error).message}`];
    } finally {
      await session.close();
    }
  };
}
