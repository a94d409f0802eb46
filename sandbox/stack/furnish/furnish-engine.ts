import { runTask } from '../../core/progress.ts';
import { hasAll } from '../../engines/contract/lacks.ts';
import { withoutMigrated } from '../migrate/differences.ts';
import { emptyMigrated, rememberMigrated } from '../migrate/known-store.ts';
import type { SafetyCopies } from '../replace/safety-copies.ts';
import type { EngineUp } from '../start/bring-up-engine.ts';
import type { StackStart } from '../start/stack-start.ts';
import { type Migrated, nothingMigrated } from '../state/migrated.ts';
import type { EngineState } from '../state/stack-state.ts';
import { loadDataset } from './load-dataset.ts';
import { type EngineGap, readSchemaGaps } from './schema-gaps.ts';

/**
 * Applies the schema of an engine that is up, then loads its data; remembers each step as it is done. Returns what it lacks
 * of its schema by now, where it was there before.
 */
export async function furnishEngine(
  start: StackStart,
  safety: SafetyCopies,
  up: EngineUp,
  begun: () => Promise<void>,
): Promise<readonly EngineGap[]> {
  const { recorder, keeper, before } = start;
  const { engine, running, isFirstStart, signal } = up;
  const { progress, schema: wantsSchema, reset, dataset } = start.stack;
  if (!wantsSchema) {
    await begun();
    return [];
  }
  // What is there goes with another schema, or with the rows that take its place.
  const keepCopy = async () => {
    if (!isFirstStart) await runTask(progress, ['copy', engine.name], () => safety.take(engine, running, before));
  };
  const isEmptied = await emptyMigrated(start, up, keepCopy);
  const keep = up.keep && !isEmptied;
  const plan = start.stack.migrations.get(engine.name);
  const hasPlatforms = plan?.platformSchema !== false;
  let schemaReplaced = isEmptied;
  let gaps: readonly EngineGap[] = [];
  const { schema } = engine;
  if (schema !== undefined && hasPlatforms) {
    signal.throwIfAborted();
    if (reset && dataset !== undefined) await keepCopy();
    await recorder.step(`schema ${engine.name}`, [`start ${engine.name}`], () =>
      runTask(progress, ['schema', engine.name], async (report) => {
        const { applied, alreadyPresent } = await schema.apply(running, { reset, keep });
        schemaReplaced ||= applied.length > 0;
        gaps = isFirstStart || isEmptied ? [] : await gapsNow();
        const lacking = gaps.length === 0 ? '' : `, ${gaps.length} missing or different`;
        report.summarise(`${applied.length} applied, ${alreadyPresent} there already${lacking}`);
      }),
    );
  }
  if (!hasPlatforms) {
    await schema?.applyNone?.(running);
    await rememberMigrated(keeper, engine.name, { ...nothingMigrated, ...migratedOf(), platformSchema: false });
  }
  await begun();
  if (dataset === undefined || !hasPlatforms || !hasAll(engine, 'data')) return gaps;
  signal.throwIfAborted();
  const loaded = await recorder.step(
    `load ${engine.name}`,
    [`${schema === undefined ? 'start' : 'schema'} ${engine.name}`],
    () => loadDataset(start, engine, running, dataset, { schemaReplaced, gaps, beforeLoad: keepCopy }),
  );
  // A load that was killed has left its indexes to the one that goes on with it.
  if (gaps.length > 0) gaps = await gapsNow();
  const state = keeper.state().engines;
  await keeper.update({
    engines: { ...state, [engine.name]: { ...(state[engine.name] as EngineState), dataset: loaded } },
  });
  return gaps;

  function migratedOf(): Migrated | undefined {
    return keeper.state().engines[engine.name]?.migrated;
  }

  async function gapsNow(): Promise<readonly EngineGap[]> {
    return withoutMigrated(await readSchemaGaps([running]), keeper.state());
  }
}
