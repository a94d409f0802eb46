import type { Document } from 'mongodb';
import neo4j, { type Plan } from 'neo4j-driver';
import type { CostClass, QualityQuestion } from '../../../sandbox/engines/contract/quality.ts';
import { searchOf } from '../../../sandbox/engines/mongodb/quality/search.ts';
import { statementOf as cypherOf } from '../../../sandbox/engines/neo4j/quality/statement.ts';
import { statementOf as sqlOf } from '../../../sandbox/engines/postgresql/quality/statement.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';

/** What a question costs by the plan of its store; undefined where that makes none. */
export type PlannedCost = (question: QualityQuestion, stack: Stack) => Promise<CostClass | undefined>;

/** Stores that tell how they would answer, without doing it. */
export const plannedCosts: Readonly<Record<string, PlannedCost>> = { postgresql, mongodb, neo4j: ofNeo4j };

interface PostgresqlNode {
  readonly 'Node Type': string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PostgresqlNode[];
}

async function postgresql(question: QualityQuestion, { engines }: Stack): Promise<CostClass> {
  await using opened = await openPrimary(engines.postgresql, { database: question.place.database ?? '' });
  // Of a small table the planner reads everything: what is asked is whether there is another way.
  await opened.client.query('SET enable_seqscan = off');
  const { text, values } = sqlOf(question);
  const { rows } = await opened.client.query<{ 'QUERY PLAN': readonly { readonly Plan: PostgresqlNode }[] }>(
    `EXPLAIN (FORMAT JSON) ${text}`,
    [...values],
  );
  const costOf = (node: PostgresqlNode): CostClass => {
    const type = node['Node Type'];
    const isIndex = /Index/.test(type);
    // An index that is read from end to end leads nowhere.
    const own = isIndex
      ? node['Index Cond'] === undefined
        ? 'scan'
        : 'indexed'
      : scansAll(type)
        ? 'scan'
        : 'constant';
    return dearest([own, ...(node.Plans ?? []).map(costOf)]);
  };
  return dearest((rows[0]?.['QUERY PLAN'] ?? []).map(({ Plan }) => costOf(Plan)));
}

function scansAll(nodeType: string): boolean {
  return ['Seq Scan', 'Sample Scan', 'Tid Range Scan'].includes(nodeType);
}

interface Stage {
  readonly stage: string;
  readonly inputStage?: Stage;
  readonly inputStages?: readonly Stage[];
}

interface MongodbPlan {
  readonly queryPlanner: { readonly winningPlan: Stage };
}

async function mongodb(question: QualityQuestion, { clients }: Stack): Promise<CostClass | undefined> {
  const search = searchOf(question);
  // The server keeps the number of its documents.
  if ('rule' in question.ask && question.ask.rule.metric === 'rowCount') return undefined;
  const collection = clients.mongodb.db(question.place.database).collection(question.place.name);
  const found =
    'filter' in search ? collection.find(search.filter) : collection.aggregate([...search.pipeline] as Document[]);
  // Of a pipeline that is more than a search, its first stage has the plan.
  const told = (await found.explain()) as
    | MongodbPlan
    | { readonly stages: readonly { readonly $cursor: MongodbPlan }[] };
  const planned = 'stages' in told ? told.stages[0]?.$cursor : told;
  if (planned === undefined) throw new Error('there is no plan');
  const costOf = ({ stage, inputStage, inputStages = [] }: Stage): CostClass => {
    const own = stage === 'COLLSCAN' ? 'scan' : stage === 'IXSCAN' ? 'indexed' : 'constant';
    return dearest([own, ...[...(inputStage ? [inputStage] : []), ...inputStages].map(costOf)]);
  };
  return costOf(planned.queryPlanner.winningPlan);
}

async function ofNeo4j(question: QualityQuestion, { clients }: Stack): Promise<CostClass> {
  const { text, parameters } = cypherOf(question);
  const bound = Object.entries(parameters).map(([name, value]) => [
    name,
    value instanceof Date ? neo4j.types.DateTime.fromStandardDate(value) : value,
  ]);
  const { summary } = await clients.neo4j.executeQuery(`EXPLAIN ${text}`, Object.fromEntries(bound));
  const costOf = ({ operatorType, children }: Plan): CostClass => {
    const own = /Scan/.test(operatorType) ? 'scan' : /Seek/.test(operatorType) ? 'indexed' : 'constant';
    return dearest([own, ...children.map(costOf)]);
  };
  if (summary.plan === false) throw new Error(`there is no plan of ${text}`);
  return costOf(summary.plan);
}

function dearest(costs: readonly CostClass[]): CostClass {
  return (['scan', 'indexed'] as const).find((cost) => costs.includes(cost)) ?? 'constant';
}
