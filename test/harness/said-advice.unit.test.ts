import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { saidAdvice } from '../../sandbox/harness/vitest/said-advice.ts';

const error = new SandboxError({
  code: 'SCHEMA_INCOMPLETE',
  message: 'The store has not what the schema has ($& $1).',
  next: 'Mend the migration.',
  evidence: 'index a is missing\nindex b is missing',
});

const whole = [
  'The store has not what the schema has ($& $1).',
  '  code: SCHEMA_INCOMPLETE',
  '  next: Mend the migration.',
  '    index a is missing',
  '    index b is missing',
];

test('a stack shows what to do and the evidence, before where it was', () => {
  const lines = error.stack?.split('\n') ?? [];
  expect(lines[0]).toMatch(/Error: The store has not what the schema has \(\$& \$1\)\.$/);
  expect(lines.slice(1, whole.length)).toEqual(whole.slice(1));
  expect(lines[whole.length]).toMatch(/^ {4}at /);
  expect(error.message).toBe(whole[0]);
});

test('errors of the sandbox are told with what to do, copies without their class too, and others are not', () => {
  const { name, message, code, next, evidence } = error;
  const copy = { name, message, code, next, evidence };
  expect(saidAdvice([new Error('no'), 'no', undefined, { code: 'ENOENT', next: 'x' }, copy])).toEqual(whole);
  expect(saidAdvice([error])).toEqual(whole);
});

/** Runs Vitest as a project of a user does. */
async function runRefused(...setup: readonly string[]) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
  const program = join(import.meta.dirname, 'support/run-refused-cases.ts');
  const options = { env: Object.fromEntries(own), extendEnv: false, all: true, reject: false };
  return execa(process.execPath, [program, ...setup], options);
}

test('Vitest shows of a test that cannot have its store what to do', async () => {
  const { exitCode, all } = await runRefused();
  expect(exitCode).toBe(1);
  expect(all).toContain("  next: Add it to Vitest's configuration: globalSetup:");
});

test('Vitest shows of a setup that is refused what to do', async () => {
  const { exitCode, all } = await runRefused('setup.ts');
  expect(exitCode).toBe(1);
  expect(all).toContain('openHarness has no option `engine`.\n  code: BAD_OPTION\n  next: Did you mean `engines`?');
});
