import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { createTemporaryFolder, type TemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { statementOf } from '../../sandbox/engines/postgresql/quality/statement.ts';
import { openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import type { Check } from '../../sandbox/quality/contracts/contract.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { questionOf } from '../../sandbox/quality/run/run-check.ts';
import { runChecks } from '../../sandbox/quality/run/run-checks.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { plantInPostgresql, plantNearMissesInPostgresql } from './support/plant-postgresql.ts';

/** What is planted in these two tables, and found by others too. */
const tables = ['users', 'user_sessions'] as const;

/** Packages of PyPI, with the versions that were compared. */
const peers = {
  'Great Expectations': ['great-expectations==1.24.1', 'sqlalchemy==2.1.9', 'psycopg2-binary==2.9.13'],
  Soda: ['soda-postgres==4.28.0'],
  'datacontract-cli': ['datacontract-cli[postgres]==1.2.8'],
} as const;

/** How many of each kind, as a tool tells: `users.email-null`. */
interface Told {
  readonly found: Readonly<Record<string, number | string>>;
  /** Of the checks alone, without the start of the program. */
  readonly seconds?: number;
  /** Of the whole command. */
  readonly wholeSeconds: number;
}

let stack: Stack<'postgresql'>;
let folder: TemporaryFolder;
let checks: readonly Check[];

beforeAll(async () => {
  folder = await createTemporaryFolder('taishang-peers-');
  stack = await createStack({ engines: ['postgresql'], size: { users: 1_080 } });
  await plantNearMissesInPostgresql(stack.engines.postgresql);
  await plantInPostgresql(stack.engines.postgresql);
  const contracts = await readContracts(platformContracts, ['postgresql']);
  checks = checksOf(contracts, await loadEngines(['postgresql'])).filter(({ contract }) =>
    tables.some((table) => table === contract.entity),
  );
});
afterAll(async () => {
  await stack?.dispose();
  await folder?.[Symbol.asyncDispose]();
});

const moments = () => ({ now: new Date(), ...(stack.dataset && { seededAt: stack.dataset.referenceTime }) });

async function ours(): Promise<Told> {
  const { results, durationMs } = await runChecks({
    engines: await loadEngines(['postgresql']),
    running: new Map(Object.entries(stack.engines)),
    checks,
    moments: moments(),
  });
  const found = results.filter(({ verdict, check }) => verdict !== 'not-run' && !/rows$/.test(check));
  return {
    found: Object.fromEntries(found.map(({ check, count = 'not asked' }) => [check.replace('postgresql.', ''), count])),
    wholeSeconds: durationMs / 1_000,
  };
}

/** The statements of our checks of data alone, one after the other on one connection that is open. */
async function bare(): Promise<Told> {
  await using opened = await openPrimary(stack.engines.postgresql, { database: 'taishang_users' });
  const statements = checks.flatMap((check) => {
    const question = questionOf(check, moments());
    return question === undefined ? [] : [statementOf(question)];
  });
  const started = performance.now();
  for (const { text, values } of statements) {
    await opened.client.query(`SELECT count(*) FROM (${text}\n) found`, [...values]);
  }
  return { found: {}, wholeSeconds: (performance.now() - started) / 1_000 };
}

/** Statements of our own query files, for what a peer has no rule for, with their values written out. */
function queriesOf(table: string): Readonly<Record<string, string>> {
  const own = checks.filter(({ ask, contract }) => contract.entity === table && typeof ask === 'object');
  return Object.fromEntries(
    own.flatMap((check) => {
      const question = questionOf(check, moments());
      const isRule =
        typeof check.ask === 'object' && 'rule' in check.ask && check.ask.rule.metric !== 'duplicateValues';
      if (question === undefined || isRule) return [];
      const { text, values } = statementOf(question);
      const written = text.replaceAll(/\$(\d+)/g, (_, place) => `'${(values[place - 1] as Date).toISOString()}'`);
      return [[check.id.split('.').at(-1), written.replaceAll(/--.*\n/g, '')]];
    }),
  );
}

const columnsOf = (table: string) =>
  checks.find(({ contract }) => contract.entity === table)?.contract.fields.map(({ name }) => name);

/** Folder of the programs of an environment of Python with these packages. */
async function installed(packages: readonly string[]): Promise<string> {
  const path = join(folder.path, packages[0]?.replaceAll(/\W/g, '-') ?? '');
  await execa('python3', ['-m', 'venv', path]);
  await execa(join(path, 'bin', 'pip'), ['install', '--quiet', ...packages]);
  return join(path, 'bin');
}

/** The login of the superuser, in the environment and in files of the test's own folder alone. */
function connection() {
  const [node] = stack.engines.postgresql.nodes;
  const { postgres = '' } = stack.engines.postgresql.secrets;
  return { host: node?.host, port: node?.port, user: 'postgres', password: postgres, database: 'taishang_users' };
}

async function script(name: string, bin: string): Promise<Told> {
  const { host, port, user, password, database } = connection();
  const started = performance.now();
  const { stdout } = await execa(join(bin, 'python'), [join(import.meta.dirname, 'peers', name)], {
    env: {
      PEER_FOLDER: folder.path,
      PEER_URL: `postgresql+psycopg2://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
      PEER_CONNECTION: JSON.stringify({ host, port, user, password, database }),
      PEER_COLUMNS: JSON.stringify(Object.fromEntries(tables.map((table) => [table, columnsOf(table)]))),
      PEER_QUERIES: JSON.stringify(Object.fromEntries(tables.map((table) => [table, queriesOf(table)]))),
    },
  });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return { ...(JSON.parse(last) as Omit<Told, 'wholeSeconds'>), wholeSeconds: (performance.now() - started) / 1_000 };
}

interface ToldByDatacontract {
  readonly type: string;
  readonly field?: string | null;
  readonly result: string;
  readonly reason?: string | null;
  readonly diagnostics?: { readonly value?: number } | null;
}

/** The same contracts, with our query files as the standard's own `sql`. */
async function datacontract(bin: string): Promise<Told> {
  const { host, port, user, password, database } = connection();
  const started = performance.now();
  const found: Record<string, number | string> = {};
  for (const table of tables) {
    const path = join(folder.path, `${table}.odcs.yaml`);
    await writeFile(path, stringify(await contractFor(table, { host, port, database })), { mode: 0o600 });
    const output = join(folder.path, `${table}.json`);
    await execa(join(bin, 'datacontract'), ['test', path, '--output', output, '--output-format', 'json'], {
      env: { DATACONTRACT_POSTGRES_USERNAME: user, DATACONTRACT_POSTGRES_PASSWORD: password },
      reject: false,
    });
    const { checks: told } = JSON.parse(await readFile(output, 'utf8')) as { checks: readonly ToldByDatacontract[] };
    const queries = Object.keys(queriesOf(table)).values();
    for (const { type, field = '', result, reason, diagnostics } of told) {
      // It names none of its own checks: those of queries come in their order.
      const kind = type === 'model_quality_sql' ? queries.next().value : `${field} ${type}`;
      const count = diagnostics?.value ?? (result === 'passed' ? 0 : `${result}: ${reason}`);
      if (type === 'model_quality_sql' || result !== 'passed') found[`${table}.${kind}`] = count;
    }
  }
  return { found, wholeSeconds: (performance.now() - started) / 1_000 };
}

async function contractFor(table: string, server: object): Promise<object> {
  const file = checks.find(({ contract: { entity } }) => entity === table)?.contract.file ?? '';
  const document = parse(await readFile(file, 'utf8')) as { schema: readonly object[] };
  const quality = Object.entries(queriesOf(table)).map(([id, query]) => ({
    id,
    type: 'sql',
    query: `SELECT count(*) FROM (${query}) found`,
    mustBe: 0,
  }));
  return {
    ...document,
    servers: [{ server: 'source', type: 'postgres', schema: 'public', ...server }],
    schema: document.schema.map((entity) => ({ ...entity, quality })),
  };
}

test('what peers find of the same defects in PostgreSQL, and how long they take', async () => {
  const told: Record<string, Told | { readonly notRun: string }> = {
    'quality run': await ours(),
    'bare statements': await bare(),
  };
  const runs = {
    'Great Expectations': (bin: string) => script('great-expectations.py', bin),
    Soda: (bin: string) => script('soda.py', bin),
    'datacontract-cli': datacontract,
  } satisfies Record<keyof typeof peers, (bin: string) => Promise<Told>>;
  for (const [name, run] of Object.entries(runs)) {
    told[name] = await installed(peers[name as keyof typeof peers]).then(run, (thrown: Error) => ({
      notRun: thrown.message.slice(0, 2_000),
    }));
  }
  // Figures are read by people: docs/measurements/quality.md has them.
  console.info(JSON.stringify(told, undefined, 2));
  const { found } = told['quality run'] as Told;
  expect(found).toMatchObject({
    'users.email-null': 3,
    'users.status-invalid': 2,
    'user_sessions.token-duplicates': 2,
  });
});
