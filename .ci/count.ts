import { readFileSync } from 'node:fs';

/** The part of vitest's JSON report that is counted here. */
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const [path = '', status = '1'] = process.argv.slice(2);
const { passed, failed, skipped } = count(read(path), Number(status));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && status === '0' ? 0 : 1;

/**
 * A run that failed without a failed test or file (the checks before the tests, an error of nobody's), or in which nothing
 * passed, is one failure.
 */
function count(results: Results | undefined, exitStatus: number) {
  const found = (results?.numFailedTests ?? 0) + brokenFiles(results);
  const passed = results?.numPassedTests ?? 0;
  return {
    passed,
    failed: found === 0 && (exitStatus !== 0 || passed === 0) ? 1 : found,
    skipped: (results?.numPendingTests ?? 0) + (results?.numTodoTests ?? 0),
  };
}

/** Files that failed outside of their tests, which count as skipped or not at all: in a hook, or before there was one. */
function brokenFiles(results: Results | undefined): number {
  const broken = (results?.testResults ?? []).filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return broken.length;
}

function read(file: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results;
  } catch {
    return undefined;
  }
}
