import { copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../engines/support/backups.ts';
import { packedPackage } from './support/packed.ts';
import { runElsewhere } from './support/run-elsewhere.ts';

const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

test('the example installs the package, and its tests of a service on all five stores pass', {
  timeout: 900_000,
}, async () => {
  await using folder = await temporaryFolder();
  const project = join(folder.path, 'profile-api');
  await copyFile(await packedPackage(), join(folder.path, `taishang-sandbox-${version}.tgz`));
  await cp(join(root, 'examples/profile-api'), project, {
    recursive: true,
    filter: (path) => !/node_modules/.test(path),
  });
  const manifestFile = join(project, 'package.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8'));
  expect(manifest.devDependencies['taishang-sandbox']).toBe(`file:../../taishang-sandbox-${version}.tgz`);
  manifest.devDependencies['taishang-sandbox'] = `file:../taishang-sandbox-${version}.tgz`;
  await writeFile(manifestFile, JSON.stringify(manifest));
  await runElsewhere(project, 'npm', ['install', '--no-audit', '--no-fund', '--prefer-offline']);
  try {
    const { all } = await runElsewhere(project, 'npm', ['test'], { NO_COLOR: '1' });
    expect(all).toMatch(/Tests +4 passed \(4\)/);
    // Whoever started the stack ends with its work.
    expect(all).not.toContain('close timed out');
  } finally {
    await runElsewhere(project, 'npx', ['--no-install', 'taishang-sandbox', 'down', '-v']);
  }
});

test('the README shows its first test as it is', async () => {
  const tests = await readFile(join(root, 'examples/profile-api/test/profiles.test.ts'), 'utf8');
  const [first = ''] = tests.split(/\n\n(?=test\('a level)/);
  expect(await readFile(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`ts\n${first}\n\`\`\``);
});
