import type { Db } from 'mongodb';
import type { Dataset } from '../../../../../seeds/dataset.ts';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import { withoutUndefined } from '../../../../core/without-undefined.ts';
import { hotAndCold, notOurData } from '../../../contract/bench/path-parameters.ts';
import type {
  PathContext,
  PathDescription,
  PlanCheck,
  PreparedPath,
  QueryPath,
} from '../../../contract/bench/query-path.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import type { CollectionName } from '../../schema/collections.ts';
import { connect, databaseName } from '../../server/connection.ts';
import { missingCollections } from './missing-collections.ts';

/** A path that reads documents. */
export interface DocumentPath<Parameter, Result> extends Omit<PathDescription, 'writes'> {
  readonly collections: readonly CollectionName[];
  /** What it needs beside the collections and is not there, by name. */
  readonly alsoMissing?: (database: Db) => Promise<readonly string[]>;
  /** Parameters that the dataset has, the most asked for first. */
  readonly ranked: (dataset: Dataset) => Promise<readonly Parameter[]>;
  /** The same of a server that is not ours. */
  readonly sample: (database: Db) => Promise<readonly Parameter[]>;
  readonly absent: readonly Parameter[];
  readonly request: (database: Db, parameter: Parameter) => Promise<Result>;
  readonly planOf: (database: Db, parameter: Parameter) => Promise<PlanCheck>;
  readonly answer: (result: Result, parameter: Parameter) => string;
  readonly known: (dataset: Dataset, parameters: readonly Parameter[]) => Promise<readonly string[]>;
}

export function documentPath<Parameter, Result>(path: DocumentPath<Parameter, Result>): QueryPath {
  const { name, description, plan, shares, objective, notRunOn } = path;
  return {
    name,
    description,
    plan,
    shares,
    objective,
    ...withoutUndefined({ notRunOn }),
    reads: path.collections,
    missing: (running) => missingCollections(running, path.collections, path.alsoMissing),
    prepare: (context) => prepare(path, context),
  };
}

async function prepare<Parameter, Result>(
  path: DocumentPath<Parameter, Result>,
  { running, dataset }: PathContext,
): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const connection = stack.use(await connect(running));
  const database = connection.client.db(databaseName);
  const ranked = dataset === undefined ? await path.sample(database) : await path.ranked(dataset);
  const prepared = preparePath<Parameter, Result>({
    parameters: { ...hotAndCold(ranked), absent: path.absent },
    shares: path.shares,
    request: (parameter) => path.request(database, parameter),
    bare: () => database.command({ ping: 1 }),
    plan: (parameter) => path.planOf(database, parameter),
    answer: path.answer,
    known: dataset === undefined ? notOurData : (asked) => path.known(dataset, asked),
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}
