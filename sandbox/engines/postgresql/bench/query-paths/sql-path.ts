import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { Dataset } from '../../../../../seeds/dataset.ts';
import { now } from '../../../../core/clock.ts';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import { withoutUndefined } from '../../../../core/without-undefined.ts';
import { hotAndCold, notOurData } from '../../../contract/bench/path-parameters.ts';
import type {
  ByKind,
  PathContext,
  PathDescription,
  PreparedPath,
  QueryPath,
} from '../../../contract/bench/query-path.ts';
import { isExternal } from '../../../contract/topology.ts';
import { type PathParts, preparePath } from '../../../shared/bench/prepare-path.ts';
import { type DatabaseName, openPrimary, type Role } from '../../server/connection.ts';
import { missingTables } from './missing-tables.ts';
import { type ExpectedPlan, planOf, planText } from './plan.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A path that is one statement which reads. */
export interface SqlPath<Parameter> extends Omit<PathDescription, 'plan' | 'writes' | 'notRunOn'> {
  readonly database: DatabaseName;
  readonly role: Role;
  readonly tables: readonly string[];
  /** Name of the statement's file, without its ending. */
  readonly file: string;
  readonly uses: ExpectedPlan;
  /** Parameters that the dataset has, the most asked for first. */
  readonly ranked: (dataset: Dataset) => Promise<readonly Parameter[]>;
  /** The same of a server that is not ours: a statement that gives a parameter in each row. */
  readonly sample: string;
  readonly absent: readonly Parameter[];
  readonly values: (parameter: Parameter) => readonly unknown[];
  /** Answers by the dataset, as {@link textOfRows} writes them, at the moment that the server takes for now. */
  readonly known: (dataset: Dataset, parameters: readonly Parameter[], now: Date) => Promise<readonly string[]>;
  /** Default: rows as text, in whatever order. */
  readonly answer?: (rows: readonly Row[]) => string;
  readonly judge?: PathParts<Parameter, readonly Row[]>['judge'];
  /** Run once for the connection. */
  readonly settings?: string;
  /** What only some paths have. */
  readonly more?: (
    opened: { readonly context: PathContext; readonly statement: string },
    parameters: ByKind<readonly Parameter[]>,
  ) => Promise<Pick<PreparedPath, 'recall'> & AsyncDisposable>;
}

export function sqlPath<Parameter>(path: SqlPath<Parameter>, reference?: QueryPath['reference']): QueryPath {
  const { name, description, shares, objective } = path;
  return {
    name,
    description,
    plan: planText(path.uses),
    shares,
    objective,
    reads: path.tables,
    missing: (running) => missingTables(running, path.database, path.tables),
    prepare: (context) => prepare(path, context),
    ...withoutUndefined({ reference }),
  };
}

async function prepare<Parameter>(path: SqlPath<Parameter>, context: PathContext): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const { running, dataset } = context;
  const { client } = stack.use(await openPrimary(running, { database: path.database, role: path.role }));
  const statement = await statementOf(path.file);
  const ranked =
    dataset === undefined
      ? (await client.query<Row>(path.sample)).rows.map((row) => row as Parameter)
      : await path.ranked(dataset);
  const parameters = { ...hotAndCold(ranked), absent: path.absent };
  if (isExternal(running)) await client.query('SET default_transaction_read_only = on');
  if (path.settings !== undefined) await client.query(path.settings);
  const request = async (parameter: Parameter) => {
    // Named: parsed and planned once for the connection.
    const values = [...path.values(parameter)];
    return (await client.query<Row>({ name: path.file, text: statement, values })).rows;
  };
  const more = path.more === undefined ? undefined : stack.use(await path.more({ context, statement }, parameters));
  const prepared = preparePath<Parameter, readonly Row[]>({
    parameters,
    shares: path.shares,
    request,
    bare: () => client.query({ name: 'bare', text: 'SELECT 1' }),
    plan: async (parameter) => {
      await request(parameter);
      return planOf({ client, name: path.file, statement, values: path.values(parameter), uses: path.uses });
    },
    answer: path.answer ?? textOfRows,
    known: dataset === undefined ? notOurData : async (asked) => path.known(dataset, asked, await serverTime(client)),
    ...withoutUndefined({ judge: path.judge }),
    dispose: async () => {},
  });
  const kept = stack.move();
  return {
    ...prepared,
    ...(more?.recall === undefined ? {} : { recall: more.recall }),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** What `now()` says there: statements go by the server's clock, not by ours. */
async function serverTime(client: Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('SELECT now() AS now');
  return rows[0]?.now ?? now();
}

/** Statement of a file of this folder. */
export function statementOf(file: string): Promise<string> {
  return readFile(join(import.meta.dirname, `${file}.sql`), 'utf8');
}

/** One line for a row, sorted: values one after the other, nothing for NULL. */
function textOfRows(rows: readonly Row[]): string {
  return lines(rows.map((row) => Object.values(row)));
}

export function lines(rows: readonly (readonly unknown[])[]): string {
  return rows
    .map((row) => row.map((value) => (value === null || value === undefined ? '' : String(value))).join(' | '))
    .toSorted()
    .join('\n');
}

/** Runs `work` in a transaction that is rolled back. */
export async function rolledBack<Value>(client: Client, work: () => Promise<Value>): Promise<Value> {
  await client.query('BEGIN');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}
