import { cp } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listLeases } from '../../sandbox/harness/looked-at.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { temporaryFolder } from '../engines/support/backups.ts';
import { runCommand, type StackFolder, stackFolder } from '../support/command.ts';
import { ensureGo, pythonEnvironment } from '../support/other-languages.ts';

const examples = join(import.meta.dirname, '../../examples');

let folder: StackFolder;
let packages: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await stackFolder();
  packages = await temporaryFolder();
  await cp(join(examples, 'contract-tests-go'), folder.path, { recursive: true });
  await cp(join(examples, 'contract-tests-python'), folder.path, { recursive: true });
  const up = await folder.run('up', '--engines', 'postgresql,redis', '--size', 'none');
  expect(up.exitCode, up.stderr).toBe(0);
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

test('Go and Python run their contract tests at the same time, each on stores of its own', {
  timeout: 300_000,
}, async () => {
  const [programs] = await Promise.all([
    pythonEnvironment(join(packages.path, 'python'), join(folder.path, 'requirements.txt')),
    ensureGo(),
  ]);
  // Debian's Go comes without a C compiler, and versions before 1.20 ask for one unless they are told not to.
  const env = { PATH: `${programs}${delimiter}${process.env.PATH}`, CGO_ENABLED: '0' };
  const leased = (...command: readonly string[]) =>
    runCommand(['exec', '--lease', '--', ...command], { cwd: folder.path, env });
  // The names that they sign up with are the same each time, and taken where two share a store.
  const [go, python, again] = await Promise.all([
    leased('go', 'test', '-v', './...'),
    leased('pytest', '-p', 'no:cacheprovider'),
    leased('pytest', '-p', 'no:cacheprovider'),
  ]);
  expect(go.stdout, go.stderr).toMatch(/--- PASS: TestWhoSignsUp[\s\S]*--- PASS: TestANameThatIsTaken[\s\S]*^ok/m);
  for (const { stdout, stderr } of [python, again]) expect(stdout, stderr).toMatch(/2 passed/);
  expect([go, python, again].map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  // On the stack's own stores, which all share, the second run finds the first one's users: the tests look at real stores.
  const shared = ['exec', '--', 'pytest', '-p', 'no:cacheprovider'];
  expect((await runCommand(shared, { cwd: folder.path, env })).exitCode).toBe(0);
  const taken = await runCommand(shared, { cwd: folder.path, env });
  expect(taken.stdout).toMatch(/UniqueViolation[\s\S]*2 failed/);
  expect(taken.exitCode).toBe(1);
  expect((await listLeases(stackIdentity({ directory: folder.path }))).leases).toEqual([]);
});
