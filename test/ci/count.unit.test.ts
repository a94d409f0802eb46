import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../engines/support/backups.ts';

const program = join(import.meta.dirname, '..', '..', '.ci', 'count.ts');

/** What is said of a run that ended so, and left such a report or none. */
async function said(status: number, results?: object) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'results.json');
  await writeFile(file, results === undefined ? '' : JSON.stringify(results));
  const { exitCode, stdout } = await execa(process.execPath, [program, file, String(status)], { reject: false });
  return [stdout, exitCode];
}

const counts = (passed: number, failed: number, pending = 0) => ({
  ...{ numPassedTests: passed, numFailedTests: failed, numPendingTests: pending, numTodoTests: 0 },
});
const file = (status: string, ...tests: readonly string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

test('what passed, failed and was skipped is counted, and decides with the exit code', async () => {
  const passed = { ...counts(2, 0, 1), testResults: [file('passed', 'passed', 'passed', 'skipped')] };
  expect(await said(0, passed)).toEqual(['2 passed, 0 failed, 1 skipped', 0]);
  expect(await said(1, passed)).toEqual(['2 passed, 1 failed, 1 skipped', 1]);
  const failed = { ...counts(1, 1), testResults: [file('failed', 'passed', 'failed')] };
  expect(await said(1, failed)).toEqual(['1 passed, 1 failed, 0 skipped', 1]);
});

test('a file that failed in a hook or before its first test is a failure too, beside tests that failed', async () => {
  const testResults = [file('failed', 'skipped', 'skipped'), file('failed'), file('failed', 'failed', 'passed')];
  expect(await said(1, { ...counts(1, 1, 2), testResults })).toEqual(['1 passed, 3 failed, 2 skipped', 1]);
});

test('a run that left no report has failed, whatever it ended with', async () => {
  expect(await said(1)).toEqual(['0 passed, 1 failed, 0 skipped', 1]);
  expect(await said(0)).toEqual(['0 passed, 1 failed, 0 skipped', 1]);
  expect(await said(0, { ...counts(0, 0), testResults: [] })).toEqual(['0 passed, 1 failed, 0 skipped', 1]);
});
