import { type EagerResult, Neo4jError } from 'neo4j-driver';
import type { RunningEngine } from '../../contract/topology.ts';
import type { WriteOutcome } from '../../contract/workloads.ts';
import {
  bankAccounts,
  outcomeOf,
  startBalance,
  type Workload,
  type Workloads,
  workloadKeys,
} from '../../contract/workloads.ts';
import { connect, withDriver } from '../server/connection.ts';
import { cypherFile, splitStatements } from '../server/cypher-file.ts';
import { createFollowingDriver, type FollowingDriver } from '../server/following-driver.ts';
import { primaryOf } from '../server/standby.ts';

const statement = (name: string) => cypherFile('failover', 'workloads', `${name}.cypher`);
const appendStatement = await statement('append');
const compareAndSetStatement = await statement('compare-and-set');
const transferStatement = await statement('transfer');

export const workloads: Workloads = {
  set: workload((on) => ({
    add: (value) => write(on, 'CREATE (s:DrillSet {value: $value}) RETURN count(s) AS changed', { value }),
    readAll: () => values(on, 'MATCH (s:DrillSet) RETURN s.value AS value ORDER BY value'),
  })),
  append: workload((on) => ({
    append: (key, value) => write(on, appendStatement, { key, value }),
    read: (key) => values(on, 'MATCH (l:DrillList {key: $key}) UNWIND l.list AS value RETURN value', { key }),
  })),
  register: workload((on) => ({
    read: async (key) =>
      (
        await values(on, 'MATCH (r:DrillRegister {key: $key}) WHERE r.value IS NOT NULL RETURN r.value AS value', {
          key,
        })
      )[0],
    write: (key, value) =>
      write(on, 'MATCH (r:DrillRegister {key: $key}) SET r.value = $value RETURN count(r) AS changed', {
        key,
        value,
      }),
    compareAndSet: (key, from, to) => write(on, compareAndSetStatement, { key, from, to }),
  })),
  bank: workload((on) => ({
    transfer: (from, to, amount) => write(on, transferStatement, { from, to, amount }),
    readAll: () => readAccounts(on),
  })),
};

function workload<Shape extends object>(clientOf: (on: FollowingDriver) => Shape): Workload<Shape> {
  const open = async (running: RunningEngine) => {
    const driver = createFollowingDriver(running);
    return { ...clientOf(driver), [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose]() };
  };
  return {
    prepare,
    open,
    openMember: async (running, nodeName) => {
      const node = running.nodes.find(({ name }) => name === nodeName);
      if (node === undefined) throw new Error(`there is no node ${nodeName}`);
      const { client, ...connection } = await connect({ ...running, nodes: [node] });
      const reach = async () => client;
      const during: FollowingDriver['during'] = (_, work) => work();
      const driver = { reach, reachForWrite: reach, tookWrite: () => {}, during, drop: async () => {}, ...connection };
      return { ...clientOf(driver), [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
    },
  };
}

async function prepare(running: RunningEngine): Promise<void> {
  const statements = splitStatements(await statement('prepare'));
  const parameters = { keys: workloadKeys, accounts: bankAccounts, balance: startBalance };
  const primary = await primaryOf(running);
  await withDriver({ ...running, nodes: [primary] }, async (driver) => {
    for (const { text } of statements) await driver.executeQuery(text, parameters);
  });
}

/** One statement in a transaction of its own, tried once: the driver's own retries would hide an unknown outcome. */
async function write(on: FollowingDriver, text: string, parameters: Record<string, number>): Promise<WriteOutcome> {
  const driver = await on.reachForWrite();
  if (driver === undefined) return 'fail';
  let thrown: unknown;
  const outcome = await outcomeOf(
    () =>
      on.during(driver, async () => {
        await using session = driver.session();
        const { records } = await session.run<{ changed: number }>(text, parameters);
        return records[0]?.get('changed') === 1;
      }),
    (error) => {
      thrown = error;
      return judge(error);
    },
  );
  if (thrown === undefined) on.tookWrite(driver);
  // Another node may take writes now.
  else await on.drop();
  return outcome;
}

/**
 * Answers that mean that nothing was written: the statement or its data was refused, or its locks were. A server that is
 * going down answers others (`Neo.TransientError.General.*`, `Neo.ClientError.Transaction.*`) also to what it has
 * committed, which a drill has shown.
 */
const refusals =
  /^Neo\.(ClientError\.(Statement|Schema|Security)\.|ClientError\.General\.(ForbiddenOnReadOnlyDatabase|WriteOnReadOnlyAccessDatabase)$|TransientError\.Transaction\.(DeadlockDetected|LockAcquisitionTimeout)$)/;

function judge(thrown: unknown): WriteOutcome {
  return thrown instanceof Neo4jError && refusals.test(thrown.code) ? 'fail' : 'info';
}

async function values(
  on: FollowingDriver,
  text: string,
  parameters: Record<string, number> = {},
): Promise<readonly number[]> {
  const driver = await on.reach();
  if (driver === undefined) throw new Error('no node takes writes');
  try {
    const { records } = await on.during(driver, () =>
      driver.executeQuery<EagerResult<{ value: number }>>(text, parameters),
    );
    return records.map((record) => record.get('value'));
  } catch (thrown) {
    await on.drop();
    throw thrown;
  }
}

/** With all accounts locked: a statement reads what is committed when it comes to a node, not at one moment. */
async function readAccounts(on: FollowingDriver): Promise<readonly number[]> {
  return values(
    on,
    'MATCH (a:DrillAccount) WITH a ORDER BY a.account SET a.locked = true WITH a RETURN a.balance AS value ORDER BY a.account',
  );
}
