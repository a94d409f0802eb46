import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

async function filesBelow(folder: string, name: RegExp): Promise<readonly string[]> {
  const paths = await readdir(join(root, folder), { recursive: true });
  return paths.filter((path) => name.test(path) && !path.includes('node_modules')).map((path) => join(folder, path));
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly license?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly os?: string | readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
}

async function lockedPackages(): Promise<readonly (readonly [path: string, locked: LockedPackage])[]> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  // What lies in the checkout itself is no package of somebody else's.
  return Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true);
}

const nameOf = (path: string) => path.split('node_modules/').at(-1) ?? '';

test('every npm package that is installed has its hash in the lock file', async () => {
  const entries = await lockedPackages();
  expect(entries.length).toBeGreaterThan(100);
  expect(entries.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
});

test('no npm package has to run a script to be whole, and those that have one are told not to', async () => {
  const { allowScripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    allowScripts: Record<string, boolean>;
  };
  const withScripts = (await lockedPackages()).filter(([, { hasInstallScript }]) => hasInstallScript === true);
  const installed = withScripts.filter(([, { optional }]) => optional !== true).map(([path]) => nameOf(path));
  for (const name of installed) expect([name, allowScripts[name]]).toEqual([name, false]);
  expect(Object.values(allowScripts)).not.toContain(true);
});

test('the Node.js that everything runs on is a locked package for each platform', async () => {
  const manifestOf = async (path: string) => JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8'));
  const { dependencies, optionalDependencies: ofPackage = {} } = await manifestOf('.');
  const { optionalDependencies } = await manifestOf('sandbox/node-of-checkout');
  const launcher = await readFile(join(root, 'sandbox/launch.mjs'), 'utf8');
  const known = [...launcher.matchAll(/^ {2}'\w+ \w+': '([\w-]+)',$/gm)].map(([, name = '']) => name);
  expect(known.length).toBe(4);
  expect(Object.keys(optionalDependencies).toSorted()).toEqual(known.toSorted());
  // A project that installs the package keeps its own.
  for (const name of ['node', ...known]) expect({ ...dependencies, ...ofPackage }).not.toHaveProperty(name);
  const locked = new Map(await lockedPackages());
  for (const name of known) {
    const { integrity, os, bin } = locked.get(`node_modules/${name}`) ?? {};
    expect([name, integrity]).toEqual([name, expect.stringMatching(/^sha512-/)]);
    expect([name, os]).toEqual([name, expect.anything()]);
    // npm links it into node_modules/.bin, which comes first in the PATH of its scripts.
    expect([name, bin]).toEqual([name, { node: 'bin/node' }]);
    expect(Number(optionalDependencies[name]?.split('.')[0])).toBeGreaterThanOrEqual(24);
  }
});

/** Licences that ask for nothing but their text and a notice (SPDX). */
const allowedLicences = /^(?:MIT|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|0BSD|BlueOak-1\.0\.0|Unlicense|Zlib)$/;

/** By what a package itself says, where it is installed here; the lock file knows those of other platforms. */
async function licencesOf(path: string, { license = '' }: LockedPackage): Promise<readonly string[]> {
  const text = await readFile(join(root, path, 'package.json'), 'utf8').catch(() => '{}');
  const own = JSON.parse(text) as { license?: string; licenses?: readonly { type: string }[] };
  const said = own.license ?? own.licenses?.map(({ type }) => type).join(' AND ') ?? license;
  return said.replaceAll(/[()]/g, '').split(/ AND /);
}

test('every npm package that is needed to run has a licence that is allowed', async () => {
  const needed = (await lockedPackages()).filter(([, { dev }]) => dev !== true);
  expect(needed.length).toBeGreaterThan(100);
  const others: string[] = [];
  for (const [path, locked] of needed) {
    const licences = await licencesOf(path, locked);
    if (!licences.every((licence) => allowedLicences.test(licence))) others.push(`${path}: ${licences.join(', ')}`);
  }
  expect(others).toEqual([]);
});

test('images are built from the base image that is made here, and nothing is fetched past the packages', async () => {
  const files = await filesBelow('sandbox', /(?:Dockerfile|\.dockerfile)$/);
  expect(files.length).toBeGreaterThan(5);
  for (const path of files) {
    const text = (await readFile(join(root, path), 'utf8')).replaceAll('\\\n', ' ');
    for (const [, from] of text.matchAll(/^FROM +(\S+)/gm)) {
      expect([path, from]).toEqual([path, expect.stringMatching(/^\$\{\w+\}$|@sha256:[0-9a-f]{64}$/)]);
    }
    expect([path, /^ADD +https?:|\b(?:curl|wget)\b/m.test(text)]).toEqual([path, false]);
  }
});

test('every Python package is installed by its hash', async () => {
  const lists = await filesBelow('sandbox', /requirements\.txt$/);
  expect(lists.length).toBeGreaterThan(1);
  for (const path of lists) {
    const lines = (await readFile(join(root, path), 'utf8')).replaceAll('\\\n', ' ').split('\n');
    const packages = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    expect(packages.length).toBeGreaterThan(1);
    for (const line of packages) expect(line).toMatch(/^[A-Za-z0-9._-]+==\S+\s.*--hash=sha256:[0-9a-f]{64}/);
  }
  for (const path of await filesBelow('sandbox', /Dockerfile$/)) {
    const installs = (await readFile(join(root, path), 'utf8')).match(/pip install.*/g) ?? [];
    for (const line of installs) expect([path, line]).toEqual([path, expect.stringContaining('--require-hashes')]);
  }
});

test('the base image takes no package whose signature was not checked', async () => {
  const source = await readFile(join(root, 'sandbox/containers/images/base-image.ts'), 'utf8');
  expect(source).toMatch(/'debootstrap',\s*'--force-check-gpg'/);
  const everywhere = await Promise.all(
    [...(await filesBelow('sandbox', /(Dockerfile|\.ts|\.sh)$/))].map(async (path) => [
      path,
      await readFile(join(root, path), 'utf8'),
    ]),
  );
  const unchecked = /--no-check-gpg|allow-unauthenticated|AllowInsecureRepositories|trusted=yes/;
  expect(everywhere.filter(([, text]) => unchecked.test(text ?? '')).map(([path]) => path)).toEqual([]);
});

describe("Neo4j's jars", () => {
  const context = join(root, 'sandbox/engines/neo4j/image');
  const jar = (path: string, content: string) => `${createHash('sha256').update(content).digest('hex')}  ${path}\n`;

  /** Runs the check of the image's build over such jars. */
  async function check(jars: Readonly<Record<string, string>>) {
    const folder = await mkdtemp(join(tmpdir(), 'taishang-jars-'));
    try {
      await mkdir(join(folder, 'lib'));
      await mkdir(join(folder, 'shell'));
      for (const [path, content] of Object.entries(jars)) await writeFile(join(folder, path), content);
      await writeFile(join(folder, 'jars.sha256'), jar('lib/a.jar', 'a') + jar('shell/b.jar', 'b'));
      return await execa('sh', [join(context, 'check-jars.sh')], { cwd: folder, reject: false });
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test.each([
    { what: 'that are listed are taken', jars: { 'lib/a.jar': 'a', 'shell/b.jar': 'b' }, exitCode: 0 },
    { what: 'with other bytes are refused', jars: { 'lib/a.jar': 'x', 'shell/b.jar': 'b' }, exitCode: 1 },
    { what: 'that are not listed are refused', jars: { 'lib/a.jar': 'a', 'shell/c.jar': 'b' }, exitCode: 1 },
  ])('$what', async ({ jars, exitCode }) => {
    const ended = await check(jars);
    expect(ended.exitCode).toBe(exitCode);
    if (exitCode === 1) expect(ended.stderr).toMatch(/(?:lib\/a|shell\/c)\.jar\n/);
  });

  test('are checked by each build that takes some', async () => {
    const text = await readFile(join(context, 'Dockerfile'), 'utf8');
    expect(text.indexOf('check-jars.sh')).toBeGreaterThan(text.lastIndexOf('dependency:copy-dependencies'));
    for (const path of await filesBelow('sandbox', /Dockerfile$/)) {
      const other = await readFile(join(root, path), 'utf8');
      expect([path, /\bmvn\b/.test(other)]).toEqual([path, other.includes('check-jars.sh')]);
    }
  });
});
