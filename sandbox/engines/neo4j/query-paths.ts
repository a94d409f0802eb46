import type { Driver, Plan } from 'neo4j-driver';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { PlanCheck, PreparedPath, QueryPath } from '../query-path.ts';
import type { RunningEngine } from '../topology.ts';
import { connect } from './connection.ts';
import { cypherFile } from './cypher-file.ts';
import { knowledgeOfUser, readGraphModel } from './graph-model.ts';

/** Users that the path asks for in turn. */
const askedUsers = 500;

export const queryPaths: readonly QueryPath[] = [
  { name: 'knowledge of a user', description: 'What a user knows, by concept: two hops from one user.', prepare },
];

async function prepare(running: RunningEngine, dataset: Dataset): Promise<PreparedPath> {
  const [connection, statement, model] = await Promise.all([
    connect(running),
    cypherFile('queries', 'knowledge-of-user.cypher'),
    readGraphModel(dataset),
  ]);
  const { client } = connection;
  const userIds = [...model.learned.keys()].slice(0, askedUsers);
  const at = (iteration: number) => userIds[iteration % userIds.length] as string;
  const session = client.session();
  const find = async (userId: string) => (await session.run(statement, { userId })).records;
  return {
    run: async (iteration) => {
      await find(at(iteration));
    },
    runBare: async () => {
      await session.run('RETURN 1');
    },
    checkPlan: () => checkPlan(client, statement, at(0)),
    checkAnswer: async () => {
      const userId = userIds.find((id) => knowledgeOfUser(model, id).length > 0) ?? at(0);
      const expected = JSON.stringify(knowledgeOfUser(model, userId));
      const rows = (await find(userId)).map((record) => ({
        name: record.get('name') as string,
        count: record.get('knowledge_count') as number,
      }));
      const actual = JSON.stringify(rows);
      return { expected, actual, ok: actual === expected };
    },
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await connection[Symbol.asyncDispose]();
    },
  };
}

async function checkPlan(driver: Driver, statement: string, userId: string): Promise<PlanCheck> {
  const { summary } = await driver.executeQuery(`EXPLAIN ${statement}`, { userId });
  const operators = summary.plan === false ? [] : operatorsOf(summary.plan);
  const expected = 'NodeUniqueIndexSeek, no scan';
  const seeks = operators.some((name) => name.startsWith('NodeUniqueIndexSeek'));
  const scans = operators.filter((name) => name.includes('Scan'));
  const actual = `${seeks ? 'NodeUniqueIndexSeek' : 'no seek'}, ${scans.length === 0 ? 'no scan' : scans.join(', ')}`;
  return { expected, actual, ok: actual === expected };
}

function operatorsOf(plan: Plan): readonly string[] {
  return [plan.operatorType, ...plan.children.flatMap(operatorsOf)];
}
