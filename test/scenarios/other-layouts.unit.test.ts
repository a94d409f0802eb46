import { expect, test } from 'vitest';
import type { ImageOrigin } from '../../sandbox/containers/images/image-spec.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { inPlace } from '../../scenarios/backup/one-engine/in-place.ts';
import { runOtherLayouts } from '../../scenarios/backup/one-engine/other-layouts.ts';
import type { SuiteContext } from '../../scenarios/suite-context.ts';
import { everyWholeEngine } from '../support/whole-engines.ts';

function contextOf(engine: string, origin: ImageOrigin): SuiteContext {
  const image = { reference: 'none/none:0', digest: '', origin };
  return {
    ...{ depth: 'full', size: 'small', seed: 1, reportDirectory: '', progress: silent },
    ...{ stackOptions: {}, signal: AbortSignal.timeout(60_000), images: new Map([[engine, image]]) },
  };
}

const engines = await everyWholeEngine();
const sharing = engines.flatMap((engine) => {
  const { backup, topologies } = engine;
  const layouts = (backup.layouts ?? []).filter((layout) => layout !== 'standalone');
  return layouts.map((layout) => ({ engine, backup, layout, topology: topologies[layout] }));
});

test('every engine with a layout that shares data out is drilled in it, and with fewer members', () => {
  const clusters = engines.filter(({ topologies }) => topologies.clustered !== undefined);
  expect(clusters.length).toBeGreaterThanOrEqual(3);
  for (const { name, backup } of clusters) {
    expect(backup.layouts, name).toContain('clustered');
    expect(backup.fewerMembers?.clustered, name).toBeTypeOf('function');
  }
});

const notOnStandIn = sharing.filter(({ topology }) => topology?.notRunOn?.compatible);

test.each(notOnStandIn.map((each) => [each.engine.name, each] as const))(
  '%s on a stand-in that has one node has a row of every question, with the reason',
  async (name, { engine, backup }) => {
    const ofSingle = { onDisk: {}, fingerprint: {} } as Parameters<typeof runOtherLayouts>[2];
    const results = await runOtherLayouts(engine, backup, ofSingle, contextOf(name, 'compatible'));
    const own = notOnStandIn.filter((each) => each.engine === engine);
    expect(new Set(results.map(({ topology }) => topology))).toEqual(new Set(own.map(({ layout }) => layout)));
    for (const { layout, topology } of own) {
      if (topology === undefined) throw new Error('it is laid out so');
      const rows = results.filter((result) => result.topology === layout);
      const reason = topology.notRunOn?.compatible;
      for (const row of rows) expect(row).toMatchObject({ engine: name, verdict: 'not-run', reason });
      expect(rows.map((row) => row.case)).toEqual([
        'a backup is written and described',
        'a restore into a fresh node gives the same fingerprint, part by part',
        'the restored store takes a write',
        'a store that refuses the password is refused',
        'a store whose server may not write its own data is refused',
        'a second restore over the data of the first is refused, and changes nothing',
        'a restore beside the live data, twice, leaves the live data as it is',
        'a backup of it restores into a single node',
        'a backup of a single node restores into it',
        ...(layout === 'clustered'
          ? ['a backup of it restores into fewer members', 'a backup of a single node restores into fewer members']
          : []),
        'a restore in place of the live data brings it back',
      ]);
    }
  },
);

test('a layout whose nodes keep their ports in their data is not replaced, and the row says so', async () => {
  const engine = engines.find(({ name }) => name === 'mongodb');
  if (engine === undefined) throw new Error('there is such an engine');
  const place = { suite: 'backup-restore', engine: engine.name, topology: 'replicated' };
  const row = await inPlace.run(engine, 'replicated', place, contextOf(engine.name, 'official'));
  expect(row).toMatchObject({ verdict: 'not-run', reason: expect.stringContaining('keep their ports in their data') });
});
