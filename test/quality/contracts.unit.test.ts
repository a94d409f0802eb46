import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { requireQuestions } from '../../sandbox/quality/run/require-questions.ts';

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
  ['the name of the check that each has', '{id: catalogue, metric: rowCount, mustBe: 1}', 'is there twice'],
])('%s is refused', async (_, check, problem) => {
  await using folder = await folderOf(entity(check));
  await expect(readContracts(folder.path, ['postgresql'])).rejects.toMatchObject({
    code: 'CONTRACT_INVALID',
    message: expect.stringContaining(problem),
  });
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
