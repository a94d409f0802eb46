import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configKeys } from '../../sandbox/commands/options/config-file.ts';
import { formatReference } from '../../sandbox/commands/options/reference.ts';
import { resolveSettings } from '../../sandbox/commands/options/settings.ts';
import { variables } from '../../sandbox/commands/options/variables.ts';
import { exitCodeOf } from '../../sandbox/core/errors.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';

const root = join(import.meta.dirname, '../..');

test('the reference is what the sources say', async () => {
  expect(await readFile(join(root, 'docs/reference.md'), 'utf8')).toBe(formatReference());
});

/** Set by whoever starts the process, not by its user, or of a command's own parts; and what a test's own store has. */
const ofStores = ['DATABASE_DATA_URL', 'QDRANT_API_KEY', 'NEO4J_USERNAME', 'NEO4J_PASSWORD'];
const ofPrograms = new Set([...ofStores, 'PATH', 'INIT_CWD', 'HOME', 'TAISHANG_USER', 'TAISHANG_PASSWORD', 'NO_PROXY']);
const listed = new Set(
  Object.values(variables)
    .flat()
    .flatMap(({ name }) => name.split(', ')),
);

/** Names of variables that a text reads: as a property, by name, or taken apart. */
function readIn(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\*|\/\*\*|\/\/).*$/gm, '');
  const names = [
    ...code.matchAll(/(?:process\.env|environment)\.([A-Z][A-Z0-9_]+|(?:no|http|https)_proxy)\b/g),
    ...code.matchAll(/\b(SANDBOX_[A-Z_]*[A-Z])\b/g),
    ...code.matchAll(/'((?:COMPOSE|AWS|DOCKER|XDG)_[A-Z_]+)'/g),
  ].map(([, name]) => name as string);
  const taken = [...code.matchAll(/\{([^{}]*)\}(?:: NodeJS\.ProcessEnv\b| = (?:environment|process\.env);)/g)];
  return [...names, ...taken.flatMap(([, inner = '']) => inner.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? [])];
}

test('every variable that the sources read is listed, and every one that is listed is read', async () => {
  const read = new Set<string>();
  let texts = await readFile(join(root, 'compose.yaml'), 'utf8');
  for await (const file of glob('{sandbox,scenarios,bench,seeds}/**/*.{ts,mjs}', { cwd: root })) {
    if (file.endsWith('options/variables.ts')) continue;
    const text = await readFile(join(root, file), 'utf8');
    texts += text;
    for (const name of readIn(text)) read.add(name);
  }
  expect(read.size).toBeGreaterThan(25);
  const unknown = [...read].filter(
    (name) => !listed.has(name) && !ofPrograms.has(name) && !Object.hasOwn(exitCodeOf, name),
  );
  // The password of Compose itself is named where its older variable is refused.
  expect(unknown.filter((name) => name !== 'SANDBOX_PASSWORD')).toEqual([]);
  const unread = [...listed].filter((name) => name.split('<ENGINE>').some((part) => !texts.includes(part)));
  expect(unread).toEqual([]);
});

test('every variable that compose.yaml reads is listed', async () => {
  const read = [...(await readFile(join(root, 'compose.yaml'), 'utf8')).matchAll(/\$\{(\w+)/g)].map(
    ([, name = '']) => name,
  );
  const engines = new RegExp(engineNames.join('|').toUpperCase());
  expect(read.length).toBeGreaterThan(5);
  expect(read.map((name) => name.replace(engines, '<ENGINE>')).filter((name) => !listed.has(name))).toEqual([]);
});

test('every key of the configuration is used, and the example of the README is one', async () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(await readFile(join(root, 'README.md'), 'utf8')) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'taishang-reference-'));
  try {
    await writeFile(join(folder, 'sandbox.config.yaml'), example);
    const settings = await resolveSettings({ directory: folder }, {});
    expect(settings).toMatchObject({ engines: ['postgresql', 'redis'], size: 'medium', ports: { postgresql: 5432 } });
    for (const key of Object.keys(configKeys)) expect(example, key).toContain(`${key}:`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a name comes from the option, its variable, the configuration, and what Compose is told, in this order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'taishang-reference-'));
  try {
    const named = async (flags: object, environment: NodeJS.ProcessEnv) =>
      (await resolveSettings({ directory: folder, ...flags }, environment)).name;
    const compose = { COMPOSE_PROJECT_NAME: 'compose' };
    expect(await named({}, compose)).toBe('compose');
    await writeFile(join(folder, 'sandbox.config.yaml'), 'name: configured');
    expect(await named({}, compose)).toBe('configured');
    expect(await named({}, { ...compose, SANDBOX_NAME: 'variable' })).toBe('variable');
    expect(await named({ name: 'option' }, { ...compose, SANDBOX_NAME: 'variable' })).toBe('option');
  } finally {
    await rm(folder, { recursive: true });
  }
});
