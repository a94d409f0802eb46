import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changesOf } from '../../sandbox/cross-store/changes.ts';
import { countChanges } from '../../sandbox/cross-store/count-changes.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { readSchemaGaps } from '../../sandbox/stack/furnish/schema-gaps.ts';
import { fewRows } from '../support/few-rows.ts';
import { seed, seedText } from '../support/seed.ts';
import { everyWholeEngine, type Whole } from '../support/whole-engines.ts';
import { mongodb } from './support/schemas/schema-mongodb.ts';
import { neo4j } from './support/schemas/schema-neo4j.ts';
import { postgresql } from './support/schemas/schema-postgresql.ts';
import { qdrant } from './support/schemas/schema-qdrant.ts';
import { redis } from './support/schemas/schema-redis.ts';
import type { Breakage, SchemaTrial } from './support/schemas/schema-trial.ts';

const trials: Readonly<Partial<Record<EngineName, SchemaTrial>>> = { postgresql, mongodb, neo4j, redis, qdrant };
const engines = new Map((await everyWholeEngine()).map((engine) => [engine.name, engine]));
const report = { advance: () => {}, summarise: () => {} };

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ size: fewRows, connect: false });
}, 600_000);
afterAll(() => stack?.dispose());

const toldOf = async (running: RunningEngine) =>
  (await readSchemaGaps([running])).map(({ kind, name, what }) => `${kind} ${name} ${what}`).toSorted();

/** What can be broken at once, in an order of its own each time, and what takes others with it, each alone. */
function groupsOf(breakages: readonly Breakage[]): readonly (readonly Breakage[])[] {
  const [shuffled = []] = fc.sample(fc.shuffledSubarray([...breakages], { minLength: breakages.length }), {
    seed,
    numRuns: 1,
  });
  const [together, alone] = [shuffled.filter((each) => !each.alone), shuffled.filter((each) => each.alone)];
  return [together, ...alone.map((each) => [each])].filter((group) => group.length > 0);
}

describe.each([...engines.keys()])('%s', (name) => {
  const engine = engines.get(name) as Whole;
  const trial = trials[name];
  if (trial === undefined) throw new Error(`${name} has a schema: it wants a trial here`);
  const { add, breakages, catalogue } = trial;

  test(`each kind of the schema's objects is told by name and comes back; a service's own stay, ${seedText}`, async () => {
    const running = stack.engines[name];
    const dataset = stack.dataset as NonNullable<typeof stack.dataset>;
    expect(await toldOf(running)).toEqual([]);
    await add(running);
    expect(await toldOf(running)).toEqual([]);
    const before = await catalogue(running);
    for (const group of groupsOf(breakages(stack.engines[name]))) {
      for (const { act } of group) await act(running);
      const wanted = group.flatMap(({ told }) => told).toSorted();
      expect([...new Set(await toldOf(running))]).toEqual([...new Set(wanted)]);
      // Nothing is made again unasked.
      const kept = await engine.schema.apply(running, { reset: false, keep: true }).catch((thrown) => thrown);
      if (kept instanceof Error) expect(kept).toMatchObject({ code: 'SCHEMA_DIFFERENT' });
      else expect(kept.applied).toEqual([]);
      expect([...new Set(await toldOf(running))]).toEqual([...new Set(wanted)]);
      expect((await engine.schema.apply(running, { reset: true, keep: true })).applied).not.toEqual([]);
      await engine.data.load(running, dataset, report);
      expect(await toldOf(running)).toEqual([]);
      expect(await catalogue(running)).toEqual(before);
    }
    const { kinds } = await countChanges([engine], new Map([[name, running]]), dataset);
    expect(changesOf(kinds)).toMatchObject({ added: 0, changed: 0, removed: 0 });
    expect((await engine.schema.apply(running, { reset: true })).applied).toEqual([]);
  }, 300_000);
});
