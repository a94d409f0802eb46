import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { PlanCheck } from '../../../contract/bench/query-path.ts';

/** What a plan must use. */
export interface ExpectedPlan {
  /** One index of each group; no table may be read whole. */
  readonly indexes: readonly (readonly string[])[];
  /** The index is not scanned but decides between insert and update. */
  readonly arbiter?: true;
  /**
   * Below so many rows of this table a planner is right to read it whole. There, the check shows that the index serves
   * the statement: it is used once reading the table whole is forbidden.
   */
  readonly demandedFrom?: RowsOf;
  /**
   * From so many rows of this table on, a planner is right to read the rows in the order of this index, which is the
   * order of the answer, until a page is full.
   */
  readonly orInOrder?: RowsOf & { readonly index: string };
}

interface RowsOf {
  readonly table: string;
  readonly rows: number;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly Plans?: readonly PlanNode[];
}

export interface Planned {
  readonly client: Client;
  /** Of the prepared statement: the plan that is looked at is the one that it is run with. */
  readonly name: string;
  readonly statement: string;
  readonly values: readonly unknown[];
  readonly uses: ExpectedPlan;
}

/** The plan as people read it: `idx_a or idx_b, and idx_c`. */
export function planText({ indexes, arbiter }: ExpectedPlan): string {
  return `${arbiter ? 'insert that arbitrates on' : 'index scan on'} ${indexes.map((group) => group.join(' or ')).join(' and ')}`;
}

/** The plan of the prepared statement with these values. */
export async function planOf(planned: Planned): Promise<PlanCheck> {
  const { client, name, values, uses } = planned;
  const literals = values.map((value) => (value === null ? 'NULL' : escapeLiteral(textOf(value))));
  const execute = `EXECUTE ${escapeIdentifier(name)}(${literals.join(', ')})`;
  const plan = await explain(client, execute);
  const expected = planText(uses);
  const actual = describe(plan);
  if (isAsExpected(plan, uses)) return { expected, actual, ok: true };
  const { demandedFrom, orInOrder } = uses;
  if (orInOrder !== undefined && isAsExpected(plan, { indexes: [[orInOrder.index]] })) {
    const many = await holds(client, orInOrder);
    return {
      expected,
      actual: many ? `${actual}: right from ${orInOrder.rows.toLocaleString('en')} rows on` : actual,
      ok: many,
    };
  }
  const forced = await explainForced(planned);
  const usable = isAsExpected(forced, uses);
  if (demandedFrom === undefined || (await holds(client, demandedFrom))) {
    return { expected, actual, ok: false, ...(usable ? {} : { whateverTheData: true }) };
  }
  const { rows } = demandedFrom;
  const small = `${actual}: right below ${rows.toLocaleString('en')} rows`;
  const proof = usable ? 'the index serves the statement where that is forbidden' : `without that: ${describe(forced)}`;
  return { expected, actual: `${small}; ${proof}`, ok: usable, ...(usable ? {} : { whateverTheData: true }) };
}

/** Whether a table has so many rows. */
async function holds(client: Client, { table, rows }: RowsOf): Promise<boolean> {
  const there = await client.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM (SELECT FROM ${escapeIdentifier(table)} LIMIT ${rows}) AS counted`,
  );
  return (there.rows[0]?.count ?? 0) >= rows;
}

/** With everything forbidden that could take the place of the index: reading the table whole, and sorting. */
async function explainForced({ client, statement, values }: Planned): Promise<PlanNode> {
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
    return await explain(client, statement, values);
  } finally {
    await client.query('ROLLBACK');
  }
}

async function explain(client: Client, statement: string, values: readonly unknown[] = []): Promise<PlanNode> {
  const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`EXPLAIN (FORMAT JSON) ${statement}`, [
    ...values,
  ]);
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new Error('EXPLAIN told no plan');
  return plan;
}

function isAsExpected(plan: PlanNode, { indexes }: ExpectedPlan): boolean {
  const nodes = nodesOf(plan);
  const used = nodes.flatMap((node) => [node['Index Name'] ?? [], node['Conflict Arbiter Indexes'] ?? []].flat());
  const whole = nodes.some((node) => node['Node Type'] === 'Seq Scan');
  return !whole && indexes.every((group) => group.some((index) => used.includes(index)));
}

/** Scans and arbiters: `Seq Scan on users`. */
function describe(plan: PlanNode): string {
  const nodes = nodesOf(plan);
  const arbiters = nodes.flatMap((node) => node['Conflict Arbiter Indexes'] ?? []);
  if (arbiters.length > 0) return `insert that arbitrates on ${arbiters.join(', ')}`;
  const scans = nodes.filter((node) => node['Node Type'].includes('Scan'));
  const place = (node: PlanNode) => node['Index Name'] ?? node['Relation Name'];
  const described = scans.filter((node) => place(node) !== undefined && node['Node Type'] !== 'Bitmap Heap Scan');
  return described.map((node) => `${node['Node Type']} on ${place(node)}`).join(', ') || plan['Node Type'];
}

function nodesOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
