import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startNodeAgain, stopNode } from '../../sandbox/containers/nodes/nodes.ts';
import { untilReady } from '../../sandbox/containers/nodes/until-ready.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { rowRandom } from '../../seeds/random/random.ts';
import { fewRows } from '../support/few-rows.ts';
import { seed, seedText } from '../support/seed.ts';
import { everyWholeEngine, type Whole } from '../support/whole-engines.ts';
import { killedLoad } from './support/killed-load.ts';

const engines = new Map((await everyWholeEngine()).map((engine) => [engine.name, engine]));

/** A change to one file of an engine's schema that makes it another, valid one; and one that makes it invalid. */
interface Edits {
  readonly file: string;
  readonly other: readonly [from: string, to: string];
  readonly invalid: readonly [from: string, to: string];
  /** What the error names beside the file: a line, where the server says one. */
  readonly place: RegExp;
  readonly message: RegExp;
  /** Parts of the fingerprint that depend on when the data was loaded. */
  readonly timeBound?: readonly string[];
}

const edits: Readonly<Partial<Record<EngineName, Edits>>> = {
  postgresql: {
    file: 'taishang_analytics.sql',
    other: ['CREATE TABLE daily_activity', 'CREATE TABLE other (id integer);\nCREATE TABLE daily_activity'],
    invalid: ['CREATE TABLE daily_activity', 'CREATE TABEL daily_activity'],
    place: /taishang_analytics\.sql:\d+: /,
    message: /syntax error at or near "TABEL"/,
  },
  mongodb: {
    file: 'user_contents.json',
    other: ['"maxLength": 200', '"maxLength": 150'],
    invalid: ['"validator"', 'validator'],
    place: /user_contents\.json:\d+: /,
    message: /JSON/,
  },
  neo4j: {
    file: 'constraints.cypher',
    other: ['CREATE', 'CREATE INDEX other IF NOT EXISTS FOR (u:User) ON (u.other);\nCREATE'],
    invalid: ['CREATE', 'CRAETE'],
    place: /constraints\.cypher:\d+: /,
    message: /Invalid input 'CRAETE'/,
  },
  redis: {
    file: 'taishang.lua',
    other: ['redis.register_function', '-- another version\nredis.register_function'],
    invalid: ['redis.register_function', 'if if\nredis.register_function'],
    place: /taishang\.lua:\d+: /,
    message: /near 'if'/,
    timeBound: ['expiries'],
  },
  qdrant: {
    file: 'knowledge_vectors.json',
    other: ['768', '384'],
    invalid: ['"Cosine"', '"Circle"'],
    place: /knowledge_vectors\.json: /,
    message: /Circle/,
  },
};

function editsOf(name: EngineName): Edits {
  const found = edits[name];
  if (found === undefined) throw new Error(`${name} has a schema and data: it wants edits here`);
  return found;
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A copy of an engine's schema with one file changed. */
async function schemaWith(engine: EngineName, [from, to]: readonly [string, string]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `taishang-schema-${engine}-`));
  folders.push(folder);
  await cp(join(import.meta.dirname, `../../sandbox/engines/${engine}/schema`), folder, { recursive: true });
  const path = join(folder, editsOf(engine).file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
  return folder;
}

/** What two loads of the same data have in common. */
async function contentOf(engine: Whole, running: RunningEngine): Promise<Readonly<Record<string, string>>> {
  const { timeBound = [] } = editsOf(engine.name);
  const { parts } = await engine.data.fingerprint(running);
  return Object.fromEntries(Object.entries(parts).filter(([part]) => !timeBound.includes(part)));
}

const report = { advance: () => {}, summarise: () => {} };

describe.each([...engines.keys()])('%s', (name) => {
  const engine = engines.get(name) as Whole;
  let stack: Stack;
  let running: RunningEngine;
  let dataset: Dataset;

  beforeAll(async () => {
    stack = await createStack({ engines: [name], size: fewRows, connect: false });
    running = stack.engines[name];
    dataset = stack.dataset as Dataset;
  });
  afterAll(() => stack?.dispose());
  // A test may end with the schema alone.
  beforeEach(async () => {
    if ((await engine.data.loadedFingerprint(running)) === (await dataset.fingerprint())) return;
    await engine.data.load(running, dataset, report);
  });

  test('a schema that is applied twice changes nothing the second time', async () => {
    const before = await engine.data.fingerprint(running);
    expect(await engine.schema.apply(running, { reset: false })).toMatchObject({ applied: [] });
    expect(await engine.data.fingerprint(running)).toEqual(before);
  });

  test('data that is loaded twice is the same data', async () => {
    const before = await contentOf(engine, running);
    await engine.data.load(running, dataset, report);
    expect(await contentOf(engine, running)).toEqual(before);
    expect(await engine.data.loadedFingerprint(running)).toBe(await dataset.fingerprint());
  });

  /** Of each engine there is a longer form, with the command killed, in `npm run test:soak`. */
  test(`a load that is killed is gone on with, and ends with the same data (${seedText})`, async () => {
    const before = await contentOf(engine, running);
    await engine.data.load(running, createDataset({ size: fewRows, seed: 7 }), report);
    expect(await contentOf(engine, running)).not.toEqual(before);
    const at = rowRandom(seed, `killed load of ${name}`)(0).float();
    await killedLoad({ name, running, world: { size: fewRows, seed: dataset.seed }, at });
    expect(await engine.data.loadedFingerprint(running)).toBeUndefined();
    const again = await engine.data.load(running, dataset, report);
    expect(again).toMatchObject({ resumedFrom: expect.any(Number) });
    expect(await contentOf(engine, running)).toEqual(before);
  });

  test('data outlives a stop and a start', async () => {
    const before = await engine.data.fingerprint(running);
    const [node] = running.nodes;
    if (node === undefined) throw new Error('no node');
    await stopNode(node);
    await startNodeAgain(node);
    await untilReady(node, { probe: () => engine.probe(node, running.secrets) });
    expect(await engine.data.fingerprint(running)).toEqual(before);
  });

  test('another schema is refused with the difference, and replaced when a reset is asked for', async () => {
    const { other } = editsOf(name);
    const before = await contentOf(engine, running);
    const directory = await schemaWith(name, other);
    const refused = await engine.schema.apply(running, { reset: false, directory }).catch((thrown) => thrown);
    expect(refused).toMatchObject({ code: 'SCHEMA_DIFFERENT', engine: name });
    expect(refused.message).toContain(directory);
    expect(refused.evidence).toMatch(/^--- .*\tthere\n\+\+\+ .*\twanted\n@@ /);
    expect(refused.evidence.split('\n').slice(2).join('\n')).toMatch(/^[+-]/m);
    expect(await contentOf(engine, running)).toEqual(before);

    expect((await engine.schema.apply(running, { reset: true, directory })).applied.length).toBeGreaterThan(0);
    expect(await engine.schema.apply(running, { reset: false, directory })).toMatchObject({ applied: [] });
    await engine.schema.apply(running, { reset: true });
    await engine.data.load(running, dataset, report);
    expect(await contentOf(engine, running)).toEqual(before);
  });

  test('an error in a schema file is named with its place and the reason', async () => {
    const { invalid, place, message } = editsOf(name);
    const directory = await schemaWith(name, invalid);
    const before = await contentOf(engine, running);
    const failed = await engine.schema.apply(running, { reset: true, directory }).catch((thrown) => thrown);
    expect(failed).toMatchObject({ code: 'SCHEMA_FAILED', engine: name });
    expect(failed.message).toMatch(place);
    expect(failed.message).toMatch(message);
    // Whatever it has emptied by then, nobody takes that for loaded.
    const loaded = await engine.data.loadedFingerprint(running).catch(() => undefined);
    if (loaded !== undefined) {
      expect(await contentOf(engine, running)).toEqual(before);
    }
    await engine.schema.apply(running, { reset: true });
  });
});
