import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import { temporaryFolder } from '../engines/support/backups.ts';
import { packedPackage } from './support/packed.ts';
import { runElsewhere } from './support/run-elsewhere.ts';

const root = join(import.meta.dirname, '../..');
const packages = {
  vitest: 'vitest@5.1.1',
  jest: 'jest@30.5.2',
  globals: '@jest/globals@30.5.2',
  playwright: '@playwright/test@1.65.1',
  tsx: 'tsx@4.23.15',
};
const pnpm = ['--yes', 'pnpm@12.21.0'];
const yarn = ['--yes', '--package=@yarnpkg/cli-dist@4.18.1', 'yarn'];

/** The tarball, and a project of pnpm's: what a package does not name itself cannot be found there. */
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let tarball: string;

beforeAll(async () => {
  [folder, tarball] = await Promise.all([temporaryFolder(), packedPackage()]);
  await cp(join(import.meta.dirname, 'fixtures'), folder.path, { recursive: true });
  await writeFile(join(folder.path, 'package.json'), JSON.stringify({ name: 'profile-api', private: true }));
  // No package's own build is needed: pnpm ends with an error where nobody has said so.
  const settings = ['--config.strict-dep-builds=false', `--store-dir=${join(folder.path, '.store')}`];
  await runElsewhere(folder.path, 'npx', [...pnpm, 'add', ...settings, tarball, ...Object.values(packages)]);
});

afterAll(async () => {
  const left = await findContainers({ [labelNames.purpose]: 'throw-away', [labelNames.directory]: folder.path });
  await folder[Symbol.asyncDispose]();
  expect(left).toEqual([]);
});

const moduleSupport = { NODE_OPTIONS: '--experimental-vm-modules' };

test.for([
  { tool: 'node:test', program: process.execPath, args: ['--test', 'node-test.test.mjs'], passes: /pass 1\n/ },
  { tool: 'vitest', program: 'npx', args: ['vitest', 'run', 'vitest.spec.ts'], passes: /1 passed/ },
  { tool: 'Playwright', program: 'npx', args: ['playwright', 'test', 'playwright.spec.ts'], passes: /1 passed/ },
  { tool: 'tsx', program: 'npx', args: ['tsx', 'tsx.ts'], passes: /^PONG$/ },
  {
    tool: 'Jest',
    program: 'npx',
    args: ['jest', '--testMatch', '**/jest.test.mjs'],
    env: moduleSupport,
    passes: /Tests: +1 passed, 1 total/,
  },
])('a stack in a project of pnpm: $tool', async ({ program, args, env, passes }) => {
  const { all } = await runElsewhere(folder.path, program, args, { NO_COLOR: '1', ...env });
  expect(all).toMatch(passes);
  // Something that it holds, a timer or a connection, keeps Jest waiting, which says so.
  expect(all).not.toContain('did not exit');
});

describe('stores of each test, leased by plain functions', () => {
  const project = () => join(folder.path, 'test-runners');
  const sandbox = (...args: readonly string[]) =>
    runElsewhere(project(), 'npx', ['--no-install', 'taishang-sandbox', ...args]);

  beforeAll(async () => {
    await cp(join(root, 'examples/test-runners'), project(), { recursive: true });
    await sandbox('up', '--engines', 'redis', '--size', 'none');
  });

  afterAll(async () => {
    await sandbox('down', '-v');
  });

  test.for([
    { script: 'test:node', file: 'node-test/visits.test.mjs', ended: /pass 2\n[\s\S]*fail 2\n/ },
    { script: 'test:jest', file: 'jest/visits.test.mjs', ended: /Tests: +2 failed, 2 passed, 4 total/ },
    { script: 'test:playwright', file: 'playwright/visits.spec.ts', ended: /2 failed[\s\S]*2 passed/ },
  ])('$script: each test finds a store as new, and one that fails keeps it', async ({ script, file, ended }) => {
    const visits = join(project(), file);
    const wrong = (await readFile(visits, 'utf8'))
      .replaceAll("visits'), 1", "visits'), 2")
      .replace('toBe(1)', 'toBe(2)');
    await writeFile(visits.replace('visits', 'wrong-visits'), wrong);
    const run = await runElsewhere(project(), 'npm', ['run', script], { NO_COLOR: '1' }).catch((thrown) => thrown);
    expect(run.exitCode, run.all).toBe(1);
    expect(run.all).toMatch(ended);
    expect(run.all).not.toContain('did not exit');
    const kept = [...run.all.matchAll(/first visit" are kept: npx taishang-sandbox lease open ([0-9a-f]{8})/g)];
    expect(kept).toHaveLength(2);
    const { stdout } = await sandbox(
      'lease',
      'open',
      kept[0][1],
      '--',
      process.execPath,
      '-p',
      'process.env.REDIS_URL',
    );
    expect(stdout).toMatch(/^redis:\/\/place/);
  });
});

test('a stack, and rows of workers, in a project of Yarn, whose packages are archives', {
  timeout: 300_000,
}, async () => {
  // Not below the other one, whose tools look for tests in all that is there.
  await using own = await temporaryFolder();
  const project = own.path;
  const { stdout: registry } = await runElsewhere(folder.path, 'npm', ['config', 'get', 'registry']);
  const settings = {
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_ENABLE_TELEMETRY: '0',
    // Where `CI` is set, Yarn refuses to fill an empty lock file.
    YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
    YARN_GLOBAL_FOLDER: join(folder.path, '.yarn'),
  };
  await cp(join(import.meta.dirname, 'fixtures'), project, { recursive: true });
  const manifest = { name: 'profile-api', private: true, dependencies: { 'taishang-sandbox': `file:${tarball}` } };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(project, 'yarn.lock'), '');
  await runElsewhere(project, 'npx', [...yarn, 'install'], settings);
  const { all } = await runElsewhere(project, 'npx', [...yarn, 'node', '--test', 'node-test.test.mjs'], settings);
  expect(all).toContain('pass 1\n');
  const counted = await runElsewhere(project, 'npx', [...yarn, 'node', 'count-rows.mjs'], settings);
  expect(counted.stdout).toBe('10000');
});
