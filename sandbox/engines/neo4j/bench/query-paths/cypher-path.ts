import neo4j, { type QueryResult } from 'neo4j-driver';
import type { Dataset } from '../../../../../seeds/dataset.ts';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import { hotAndCold, notOurData, perDataset } from '../../../contract/bench/path-parameters.ts';
import {
  type PathContext,
  type PathDescription,
  type PreparedPath,
  type QueryPath,
  usualShares,
} from '../../../contract/bench/query-path.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import { connect } from '../../server/connection.ts';
import { cypherFile } from '../../server/cypher-file.ts';
import { type GraphModel, readGraphModel } from '../graph-model.ts';
import { missingParts } from './missing-parts.ts';
import { planCheck } from './plan.ts';

export type GraphRow = Readonly<Record<string, unknown>>;

/** A path that is one statement of a file in `queries/`. */
export interface CypherPath<Parameter extends GraphRow>
  extends Pick<PathDescription, 'name' | 'description' | 'plan' | 'objective'> {
  readonly file: string;
  readonly labels: readonly string[];
  readonly types: readonly string[];
  /** Parameters that the dataset has, the most asked for first. */
  readonly ranked: (model: GraphModel, dataset: Dataset) => Promise<readonly Parameter[]>;
  /** The same of a server that is not ours: a statement that gives a parameter in each row. */
  readonly sample: string;
  readonly absent: readonly Parameter[];
  readonly answer: (rows: readonly GraphRow[]) => string;
  readonly known: (model: GraphModel, parameter: Parameter) => string;
}

const modelOf = perDataset(readGraphModel);

export function cypherPath<Parameter extends GraphRow>(path: CypherPath<Parameter>): QueryPath {
  const { name, description, plan, objective } = path;
  return {
    name,
    description,
    plan,
    shares: usualShares,
    objective,
    reads: [...path.labels, ...path.types],
    missing: (running) => missingParts(running, path.labels, path.types),
    prepare: (context) => prepare(path, context),
  };
}

async function prepare<Parameter extends GraphRow>(
  path: CypherPath<Parameter>,
  { running, dataset }: PathContext,
): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const { client } = stack.use(await connect(running));
  const statement = await cypherFile('queries', `${path.file}.cypher`);
  const session = client.session({ defaultAccessMode: neo4j.session.READ });
  stack.defer(() => session.close());
  const model = dataset === undefined ? undefined : await modelOf(dataset);
  const ranked =
    dataset === undefined || model === undefined
      ? rowsOf(await session.run(path.sample)).map((row) => row as Parameter)
      : await path.ranked(model, dataset);
  const prepared = preparePath<Parameter, readonly GraphRow[]>({
    parameters: { ...hotAndCold(ranked), absent: path.absent },
    shares: usualShares,
    request: async (parameter) => rowsOf(await session.run(statement, parameter)),
    bare: () => session.run('RETURN 1'),
    plan: async (parameter) => {
      const { summary } = await session.run(`PROFILE ${statement}`, parameter);
      return planCheck(summary, path.plan);
    },
    answer: path.answer,
    known: model === undefined ? notOurData : async (asked) => asked.map((parameter) => path.known(model, parameter)),
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

function rowsOf({ records }: QueryResult): readonly GraphRow[] {
  return records.map((record) => record.toObject());
}
