import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import { temporaryFolder } from '../engines/support/backups.ts';
import { packedPackage } from './support/packed.ts';
import { runElsewhere } from './support/run-elsewhere.ts';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const locked = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages;
/** A Node on the search path that is too old, as on a machine that has another one for itself. */
const olderNode = nodesOnPath().find((path) => Number(/^v(\d+)/.exec(execaSync(path, ['--version']).stdout)?.[1]) < 22);
const versionOf = (name: string): string => `${name}@${locked[`node_modules/${name}`].version}`;

/** A project that has the package from a tarball, and nothing else of ours. */
let project: Awaited<ReturnType<typeof temporaryFolder>>;
let tarball: string;

beforeAll(async () => {
  [project, tarball] = await Promise.all([temporaryFolder(), packedPackage()]);
  await writeFile(join(project.path, 'package.json'), JSON.stringify({ name: 'profile-api', private: true }));
  const development = ['typescript', '@types/node'].map(versionOf);
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball, ...development]);
});

afterAll(() => project[Symbol.asyncDispose]());

const run = (program: string, args: readonly string[], cwd = project.path) => runElsewhere(cwd, program, args);

const command = (args: readonly string[]) => run('npx', ['--no-install', 'taishang-sandbox', ...args]);

async function runFile(name: string, text: string): Promise<string> {
  await writeFile(join(project.path, name), text);
  return (await run(process.execPath, [name])).stdout;
}

test('its programs are its own command alone: no Node that would hide the one of the project', async () => {
  const { stdout } = await run('ls', [join(project.path, 'node_modules', '.bin')]);
  expect(stdout.split('\n')).toContain('taishang-sandbox');
  expect(stdout.split('\n')).not.toContain('node');
});

test('the example of the README starts a stack there, and leaves nothing behind', async () => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(await readFile(join(root, 'README.md'), 'utf8')) ?? [];
  expect(code).toContain("from 'taishang-sandbox'");
  expect(await runFile('example.ts', code ?? '')).toBe('1080 users, the first one cached: true');
  const left = await findContainers({ [labelNames.purpose]: 'throw-away', [labelNames.directory]: project.path });
  expect(left).toEqual([]);
});

test('rows of more than `small` are made in workers', async () => {
  const counted = await runFile(
    'rows.mjs',
    `import { createDataset } from 'taishang-sandbox/dataset';
     const dataset = createDataset({ size: 'medium' });
     let users = 0;
     for await (const batch of dataset.batches('users')) users += batch.length;
     console.log(users === dataset.counts.users, users > 1_080);`,
  );
  expect(counted).toBe('true true');
});

test('CommonJS can require every entry', async () => {
  const entries = plainEntries.map((name) => `require(${JSON.stringify(name)});`).join('\n');
  expect(await runFile('common.cjs', `${entries}\nconsole.log('required');`)).toBe('required');
});

test('a strict TypeScript project checks it with the declarations of its dependencies', async () => {
  const uses = plainEntries.map((name, index) => `import * as entry${index} from '${name}';\nvoid entry${index};`);
  await writeFile(join(project.path, 'use.ts'), [...uses, stackInHand].join('\n'));
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022'],
    types: ['node'],
    skipLibCheck: false,
    noEmit: true,
  };
  await writeFile(join(project.path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  const { all } = await run('npx', ['--no-install', 'tsc', '-p', '.']);
  expect(all).toBe('');
});

test('publint and arethetypeswrong find nothing', async () => {
  await run(join(root, 'node_modules/.bin/publint'), [tarball, '--strict']);
  await run(join(root, 'node_modules/.bin/attw'), [tarball, '--profile', 'esm-only']);
});

test('the command says what it is called, and gives others the environment that it was given', async () => {
  const { stdout: help } = await command(['--help']);
  expect(help).toMatch(/^Usage: taishang-sandbox /);
  expect(help).toContain('  npx taishang-sandbox up --engines');
  expect(help).not.toContain('npm run sandbox');
  const refused = await command(['upp']).catch((thrown) => thrown);
  expect(refused.exitCode).toBe(2);
  const missing = await command(['exec', '--', 'true']).catch((thrown) => thrown);
  expect(missing.exitCode).toBe(1);
  expect(missing.stderr).toContain('`npx taishang-sandbox up`');
  await command(['up', '--engines', 'redis', '--size', 'none']);
  try {
    const { stdout } = await command(['exec', '--', 'env']);
    expect(stdout).toMatch(/^REDIS_URL=/m);
    expect(stdout).not.toMatch(/^(MALLOC_|TAISHANG_LAUNCHER)/m);
  } finally {
    await command(['down', '-v']);
  }
});

test('the completion of a project, where the command is not on the path, starts it from any folder', async () => {
  const { stdout: script } = await command(['completion', 'bash']);
  const { stdout } = await runElsewhere(tmpdir(), 'bash', ['-c', `${script}\ntaishang-sandbox --version`]);
  expect(stdout).toBe(manifest.version);
});

test('an old Node is told in a line which one is needed', async () => {
  const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })";
  const launcher = join(project.path, 'node_modules/taishang-sandbox/dist/sandbox/bin.mjs');
  const args = ['--import', `data:text/javascript,${encodeURIComponent(older)}`, launcher, 'status'];
  const refused = await run(process.execPath, args).catch((thrown) => thrown);
  expect(refused.exitCode).toBe(1);
  expect(refused.all).toMatch(/^The sandbox needs Node\.js 22\.22 or newer, and this is 20\.19\.0: .*\.$/);
});

test.skipIf(olderNode === undefined)('so is whoever imports an entry there', async () => {
  const asked = plainEntries.map(async (name) => {
    const args = [
      '--input-type=module',
      '--eval',
      `await import('${name}').catch(({ message }) => console.log(message))`,
    ];
    return (await run(String(olderNode), args)).all;
  });
  const needed = manifest.engines.node.replace('>=', '');
  for (const said of await Promise.all(asked))
    expect(said).toContain(`The sandbox needs Node.js ${needed} or newer, and this is `);
});

/** What a stack that somebody has is good for, with nothing but entries of the package. */
const stackInHand = `
import { createStack, type Stack } from 'taishang-sandbox';
import { benchStack } from 'taishang-sandbox/bench';
import { checkStack } from 'taishang-sandbox/cross-store';
import { acquireLock, redisClientFromEnvironment } from 'taishang-sandbox/redis';
export async function look(): Promise<boolean> {
  const stack: Stack<'redis'> = await createStack({ engines: ['redis'] });
  await acquireLock(redisClientFromEnvironment(stack.environment), 'cleanup', 1_000);
  const { paths } = await benchStack(stack, { engines: ['redis'], paths: ['cached user'] });
  const { ok, differences } = await checkStack(stack);
  return ok && differences.length === 0 && paths.length === 1;
}`;

function nodesOnPath(): readonly string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'node')).filter((path) => existsSync(path));
}

const entryNames = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, manifest.name));
/** Those that need no Vitest, which is an optional peer: its entries are of use inside of it alone. */
const plainEntries = entryNames.filter((name) => !name.includes('/vitest'));
