import { type Driver, type EagerResult, Neo4jError } from 'neo4j-driver';
import type { WriteOutcome } from '../failover.ts';
import type { RunningEngine } from '../topology.ts';
import { bankAccounts, outcomeOf, startBalance, type Workload, type Workloads, workloadKeys } from '../workloads.ts';
import { connect, withDriver } from './connection.ts';
import { cypherFile, splitStatements } from './cypher-file.ts';

const statement = (name: string) => cypherFile('workloads', `${name}.cypher`);
const appendStatement = await statement('append');
const compareAndSetStatement = await statement('compare-and-set');
const transferStatement = await statement('transfer');

export const workloads: Workloads = {
  set: workload((driver) => ({
    add: (value) => write(driver, 'CREATE (s:DrillSet {value: $value}) RETURN count(s) AS changed', { value }),
    readAll: () => values(driver, 'MATCH (s:DrillSet) RETURN s.value AS value ORDER BY value'),
  })),
  append: workload((driver) => ({
    append: (key, value) => write(driver, appendStatement, { key, value }),
    read: (key) => values(driver, 'MATCH (l:DrillList {key: $key}) UNWIND l.list AS value RETURN value', { key }),
  })),
  register: workload((driver) => ({
    read: async (key) =>
      (
        await values(driver, 'MATCH (r:DrillRegister {key: $key}) WHERE r.value IS NOT NULL RETURN r.value AS value', {
          key,
        })
      )[0],
    write: (key, value) =>
      write(driver, 'MATCH (r:DrillRegister {key: $key}) SET r.value = $value RETURN count(r) AS changed', {
        key,
        value,
      }),
    compareAndSet: (key, from, to) => write(driver, compareAndSetStatement, { key, from, to }),
  })),
  bank: workload((driver) => ({
    transfer: (from, to, amount) => write(driver, transferStatement, { from, to, amount }),
    readAll: () => readAccounts(driver),
  })),
};

function workload<Shape extends object>(clientOf: (driver: Driver) => Shape): Workload<Shape> {
  return {
    prepare,
    open: async (running) => {
      const { client, ...connection } = await connect(running);
      return { ...clientOf(client), [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
    },
  };
}

async function prepare(running: RunningEngine): Promise<void> {
  const statements = splitStatements(await statement('prepare'));
  const parameters = { keys: workloadKeys, accounts: bankAccounts, balance: startBalance };
  await withDriver(running, async (driver) => {
    for (const { text } of statements) await driver.executeQuery(text, parameters);
  });
}

/** One statement in a transaction of its own, tried once: the driver's own retries would hide an unknown outcome. */
async function write(driver: Driver, text: string, parameters: Record<string, number>): Promise<WriteOutcome> {
  return outcomeOf(async () => {
    await using session = driver.session();
    const { records } = await session.run<{ changed: number }>(text, parameters);
    return records[0]?.get('changed') === 1;
  }, judge);
}

/** An answer of the server means that nothing was written; a lost connection means that nobody knows. */
function judge(thrown: unknown): WriteOutcome {
  const answered = thrown instanceof Neo4jError && /^Neo\.(Client|Transient)Error\./.test(thrown.code);
  return answered ? 'failed' : 'unknown';
}

async function values(
  driver: Driver,
  text: string,
  parameters: Record<string, number> = {},
): Promise<readonly number[]> {
  const { records } = await driver.executeQuery<EagerResult<{ value: number }>>(text, parameters);
  return records.map((record) => record.get('value'));
}

/** With all accounts locked: a statement reads what is committed when it comes to a node, not at one moment. */
async function readAccounts(driver: Driver): Promise<readonly number[]> {
  return values(
    driver,
    'MATCH (a:DrillAccount) WITH a ORDER BY a.account SET a.locked = true WITH a RETURN a.balance AS value ORDER BY a.account',
  );
}
