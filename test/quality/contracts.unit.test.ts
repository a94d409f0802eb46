import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { requireQuestions } from '../../sandbox/quality/run/require-questions.ts';
import { errorOf } from '../backup/support/storage-cases.ts';

const header = 'apiVersion: v3.1.0\nkind: DataContract\nid: made-up\nversion: 1.0.0\nstatus: draft\n';

/** A folder with one contract of PostgreSQL for each text, which is what stands behind its header. */
async function folderOf(...texts: readonly string[]) {
  const folder = await createTemporaryFolder('taishang-contracts-');
  await mkdir(join(folder.path, 'postgresql'));
  for (const [index, text] of texts.entries()) {
    await writeFile(join(folder.path, 'postgresql', `${index}.odcs.yaml`), header + text);
  }
  return folder;
}

const entity = (checks: string, name = 'users') =>
  `schema: [{name: ${name}, properties: [{name: a}, {name: b}], quality: [${checks}]}]\n`;

test('a statement can be made of each check of the platform', async () => {
  const engines = await loadEngines(defaultEngines);
  const checks = checksOf(await readContracts(platformContracts, defaultEngines), engines);
  expect(checks.length).toBeGreaterThan(100);
  expect(() => requireQuestions(checks, engines)).not.toThrow();
});

test.each([
  ['a share', '{id: x, metric: nullValues, arguments: {properties: [a]}, mustBeLessThan: 5, unit: percent}', 'shares'],
  [
    'a share of its own',
    '{id: x, type: custom, engine: taishang-sandbox, implementation: {query: q.sql, mustBeLessThan: 5, unit: "%"}}',
    'shares',
  ],
  ['a misspelt operator', '{id: x, metric: rowCount, mustBeAtLeast: 1}', 'there is no mustBeAtLeast'],
  ['rows without a number', '{id: x, metric: rowCount}', 'how many rows'],
  ['a rule of one field with two', '{id: x, metric: nullValues, arguments: {properties: [a, b]}}', 'is of one field'],
  ['values that nobody has named', '{id: x, metric: invalidValues, arguments: {properties: [a]}}', 'validValues or a'],
  [
    'both values and a pattern',
    '{id: x, metric: invalidValues, arguments: {properties: [a], validValues: [1], pattern: x}}',
    'validValues or a pattern',
  ],
  [
    'a cost that there is not',
    '{id: x, metric: rowCount, mustBe: 1, customProperties: [{property: cost, value: cheap}]}',
    'cost is none of',
  ],
  [
    'a deadline that no timer has',
    '{id: x, metric: rowCount, mustBe: 1, customProperties: [{property: deadlineMs, value: 1.0e+12}]}',
    'deadlineMs is no number',
  ],
  ['a bound that is no number', '{id: x, metric: rowCount, mustNotBe: .nan}', 'mustNotBe is nothing'],
  ['a bound without an end', '{id: x, metric: rowCount, mustBeLessThan: 1e999}', 'mustBeLessThan is nothing'],
  ['a range that ends before it begins', '{id: x, metric: rowCount, mustNotBeBetween: [9, 1]}', 'mustNotBeBetween is'],
  ['a check that has a key twice', '{id: x, metric: rowCount, mustBe: 1, mustBe: 2}', 'keys must be unique'],
  ['the name of the check that each has', '{id: catalogue, metric: rowCount, mustBe: 1}', 'is there twice'],
])('%s is refused', async (_, check, problem) => {
  await using folder = await folderOf(entity(check));
  await expect(readContracts(folder.path, ['postgresql'])).rejects.toMatchObject({
    code: 'CONTRACT_INVALID',
    message: expect.stringContaining(problem),
  });
});

test.each([
  [
    'schema: [{name: users, properties: [{name: a}], qualty: [{id: x, metric: rowCount, mustBe: 1}]}]\n',
    'users: there is no `qualty`: did you mean `quality`?',
  ],
  [
    'schema: [{name: users, properties: [{name: a, requird: true}]}]\n',
    'users.a: there is no `requird`: did you mean `required`?',
  ],
  [entity('{id: x, metric: rowCount, mustbe: 1, mustBe: 1}'), 'x: there is no `mustbe`'],
  ...['mustbeLessThan', 'must_be', 'MustBe'].map((name): [string, string] => [
    entity(`{id: x, type: custom, engine: taishang-sandbox, implementation: {query: queries/x.sql, ${name}: 5}}`),
    `x: there is no \`${name}\``,
  ]),
  [entity('{id: x, metric: rowCount, mustBe: 1, severty: warning}'), 'did you mean `severity`?'],
  [
    entity('{id: x, metric: missingValues, arguments: {properties: [a], missingvalues: [x]}}'),
    'did you mean `missingValues`?',
  ],
])(
  'a name that is nearly one of the standard is refused, as what it says would be passed over: %s',
  async (text, problem) => {
    await using folder = await folderOf(text);
    await expect(readContracts(folder.path, ['postgresql'])).rejects.toMatchObject({
      code: 'CONTRACT_INVALID',
      message: expect.stringContaining(problem),
    });
  },
);

test('a database of Redis may be named by its number, and what is no name is refused', async () => {
  const of = (value: string) =>
    `schema: [{name: users, customProperties: [{property: database, value: ${value}}], properties: [{name: a}]}]\n`;
  await using folder = await folderOf(of('3'));
  expect((await readContracts(folder.path, ['postgresql']))[0]?.place).toEqual({ name: 'users', database: '3' });
  await using others = await folderOf(of('[3]'));
  await expect(readContracts(others.path, ['postgresql'])).rejects.toThrow('`database` is neither');
});

test('other names of the standard, and names of somebody alone, are left alone', async () => {
  const check =
    '{id: x, metric: rowCount, mustBe: 1, dimension: accuracy, method: m, scheduler: cron, tags: [a], ours: 1}';
  await using folder = await folderOf(
    `schema: [{name: users, physicalType: table, tags: [a], relationships: [], properties: [{name: a, physicalName: a, unique: true, examples: [1]}], quality: [${check}]}]\n`,
  );
  await expect(readContracts(folder.path, ['postgresql'])).resolves.toHaveLength(1);
});

test('two contracts of one name are refused: one would hide what the other finds', async () => {
  await using folder = await folderOf(entity(''), entity(''));
  await expect(readContracts(folder.path, ['postgresql'])).rejects.toMatchObject({
    message: expect.stringContaining('postgresql.users.catalogue is there twice'),
  });
});

test('a query that names what nobody gives is refused before a store is asked', async () => {
  await using folder = await folderOf(
    entity('{id: old, type: custom, engine: taishang-sandbox, implementation: {query: old.sql}}'),
  );
  // There is no retention.
  await writeFile(join(folder.path, 'postgresql', 'old.sql'), `SELECT a AS id FROM users WHERE b < \${overdue}`);
  const engines = await loadEngines(['postgresql']);
  const checks = checksOf(await readContracts(folder.path, ['postgresql']), engines);
  expect(() => requireQuestions(checks, engines)).toThrow(expect.objectContaining({ code: 'CONTRACT_INVALID' }));
});

test('each entity has the retention of its own fields', async () => {
  const retentions = [
    '{property: retention, value: 30, unit: d, element: sessions.created_at}',
    '{property: retention, value: 1, unit: y, element: "logs.created_at, logs.ended_at"}',
    '{property: retention, value: 7, unit: d}',
  ];
  await using folder = await folderOf(
    `schema: [{name: sessions}, {name: logs}, {name: others}]\nslaProperties: [${retentions.join(', ')}]\n`,
  );
  const contracts = await readContracts(folder.path, ['postgresql']);
  expect(contracts.map(({ entity, retentionDays }) => [entity, retentionDays])).toEqual([
    ['sessions', 30],
    ['logs', 365],
    ['others', 7],
  ]);
});

test('a folder of an engine may be a link', async () => {
  await using folder = await folderOf(entity(''));
  await rename(join(folder.path, 'postgresql'), join(folder.path, 'elsewhere-postgresql'));
  await mkdir(join(folder.path, 'mine'));
  await symlink(join(folder.path, 'elsewhere-postgresql'), join(folder.path, 'mine', 'postgresql'));
  expect(await readContracts(join(folder.path, 'mine'), ['postgresql'])).toHaveLength(1);
});

test('files of editors and of mounts are no contracts, and links that lead in a circle end', async () => {
  await using folder = await folderOf(entity(''));
  const own = join(folder.path, 'postgresql');
  // A lock of Emacs, and a mounted ConfigMap: what is there leads to a folder that begins with dots.
  await symlink('nobody@nowhere.1', join(own, '.#users.odcs.yaml'));
  await mkdir(join(own, '..2026'));
  await writeFile(join(own, '..2026', 'old.odcs.yaml'), '');
  for (const name of ['one', 'other']) await symlink('.', join(own, name));
  expect(await readContracts(folder.path, ['postgresql'])).toHaveLength(1);
});

test('what a contract merges from elsewhere in it counts', async () => {
  await using folder = await folderOf(
    entity('{id: y, metric: rowCount, mustBe: 9}, &x {id: x, metric: rowCount, mustBe: 7}, {<<: *x, id: z}'),
  );
  const [contract] = await readContracts(folder.path, ['postgresql']);
  expect(contract?.checks.map(({ threshold }) => threshold.bound)).toEqual([9, 7, 7]);
});

/** What is in a folder of contracts beside one that is in order, by where it lies. */
const strange: readonly (readonly [what: string, put: (folder: string) => Promise<unknown>, problem: string])[] = [
  ['a contract in no folder of an engine', (at) => writeFile(join(at, 'a.odcs.yaml'), ''), 'in no folder of an engine'],
  ['a contract by another ending', (at) => writeFile(join(at, 'postgresql', 'a.odcs.yml'), ''), 'end with .odcs.yaml'],
  [
    'a contract a folder deeper',
    async (at) => {
      await mkdir(join(at, 'postgresql', 'old'));
      await writeFile(join(at, 'postgresql', 'old', 'a.odcs.yaml'), '');
    },
    'in the folder of their engine',
  ],
  ['a folder that is called as a contract', (at) => mkdir(join(at, 'postgresql', 'a.odcs.yaml')), 'it is no file'],
  ['a pipe', (at) => execa('mkfifo', [join(at, 'postgresql', 'a.odcs.yaml')]), 'it is no file'],
  ['a link that leads nowhere', (at) => symlink('nothing', join(at, 'postgresql', 'a.odcs.yaml')), 'ENOENT'],
  ['an engine that is a file', (at) => symlink(join(at, 'postgresql', '0.odcs.yaml'), join(at, 'redis')), 'ENOTDIR'],
  [
    'a contract of more than a MiB',
    (at) => writeFile(join(at, 'postgresql', 'a.odcs.yaml'), `${header}${entity('')}#${'x'.repeat(2 ** 20)}`),
    '1 MiB at most',
  ],
  [
    'a contract that doubles itself again and again',
    (at) => {
      const lines = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`);
      return writeFile(
        join(at, 'postgresql', 'a.odcs.yaml'),
        `${header}a0: &a0 [x]\n${lines.join('\n')}\n${entity('')}`,
      );
    },
    'Excessive alias count',
  ],
  [
    'a query that is a folder',
    async (at) => {
      await mkdir(join(at, 'postgresql', 'q.sql'));
      const check = '{id: x, type: custom, engine: taishang-sandbox, implementation: {query: q.sql}}';
      await writeFile(join(at, 'postgresql', 'a.odcs.yaml'), header + entity(check, 'others'));
    },
    'cannot be read: it is no file',
  ],
];

test.each(strange)('%s is refused, and names its file', async (_, put, problem) => {
  await using folder = await folderOf(entity(''));
  await put(folder.path);
  const { code, message } = await errorOf(readContracts(folder.path, ['postgresql', 'redis']));
  expect(code).toBe('CONTRACT_INVALID');
  expect(message).toContain(folder.path);
  expect(message).toContain(problem);
});

test('what git and editors keep in a folder of contracts is left alone', async () => {
  await using folder = await folderOf(entity(''));
  await mkdir(join(folder.path, '.git'));
  expect(await readContracts(folder.path, ['postgresql'])).toHaveLength(1);
});
