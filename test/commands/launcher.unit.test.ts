import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../engines/support/backups.ts';

const project = join(import.meta.dirname, '..', '..');
const launcher = join(project, 'sandbox', 'launch.mjs');

/** Makes a Node say that it is an older one, before the launcher asks it. */
const asOldNode = [
  '--import',
  `data:text/javascript,${encodeURIComponent(
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })",
  )}`,
];

const run = (node: readonly string[], args: readonly string[]) =>
  execa(process.execPath, [...node, ...args], { reject: false, extendEnv: true });

test('a Node that runs TypeScript goes on by itself', async () => {
  const { exitCode, stdout } = await run([], [launcher, '--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Usage: sandbox');
});

test('an older Node hands over to the locked one, with its flags and the exit code', async () => {
  const help = await run(asOldNode, [launcher, '--help']);
  expect(help.stderr).toBe('');
  expect(help.stdout).toContain('Usage: sandbox');
  const refused = await run(asOldNode, [launcher, 'no-such-command']);
  expect(refused.exitCode).toBe(2);
});

test('an older Node without the locked one says in a line what to do', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'sandbox'));
  const alone = join(folder.path, 'sandbox', 'launch.mjs');
  await copyFile(launcher, alone);
  await copyFile(join(project, 'sandbox', 'go-on-in.mjs'), join(folder.path, 'sandbox', 'go-on-in.mjs'));
  const { exitCode, stdout, stderr } = await run(asOldNode, [alone, '--help']);
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^The sandbox needs Node\.js 24 or newer \(this is 20\.19\.0\), and .*: run `npm ci` .*\.$/);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s reaches the Node that it hands over to', async (signal) => {
  await using folder = await temporaryFolder();
  const program = join(folder.path, 'program.mjs');
  await writeFile(
    program,
    `process.on('${signal}', () => process.exit(7)); setTimeout(() => {}, 20_000); console.log('begun');`,
  );
  const source = `import { goOnIn } from ${JSON.stringify(join(project, 'sandbox', 'go-on-in.mjs'))};
    goOnIn(process.execPath, [${JSON.stringify(program)}]);`;
  // Detached, it has no terminal.
  const options = { reject: false, detached: true, forceKillAfterDelay: false } as const;
  const running = execa(process.execPath, ['--input-type=module', '-e', source], options);
  running.nodeChildProcess.stdout?.once('data', () => running.kill(signal));
  expect(await running).toMatchObject({ exitCode: 7, stdout: 'begun' });
});
