import { afterAll, beforeAll, expect, test } from 'vitest';
import { silent } from '../../sandbox/core/progress.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { type Drill, drillsOf } from '../../scenarios/alerts/drills.ts';
import { runDrill } from '../../scenarios/alerts/run-drill.ts';
import { startWatched, type WatchedStack } from '../../scenarios/alerts/watched-stack.ts';
import type { Measures } from '../../scenarios/run-case.ts';

/** An alert of 5 minutes takes 7.5 s. */
const timeScale = 40;

const { signal } = new AbortController();
let watched: WatchedStack;

beforeAll(async () => {
  const context = {
    depth: 'full',
    size: 'small',
    seed: 1,
    images: new Map(),
    stackOptions: { images: 'auto', signal },
    reportDirectory: '',
    progress: silent,
    signal,
  } as const;
  watched = await startWatched('redis', 'standalone', context, timeScale);
});

afterAll(() => watched?.[Symbol.asyncDispose]());

function drillWith(cause: string): Drill {
  const drill = drillsOf(redis).find((each) => each.cause === cause);
  if (drill === undefined) throw new Error(`there is no drill of ${cause}`);
  return drill;
}

async function measuresOf(drill: Drill): Promise<Measures> {
  const measures: Measures = {};
  await runDrill(drill, watched, measures, signal);
  return measures;
}

test('a server that is full and does not evict is alerted, received in time, and over once there is room', async () => {
  const measures = await measuresOf(drillWith('it is full and does not evict'));
  expect(measures).toMatchObject({
    pendingMs: expect.any(Number),
    receivedMs: expect.any(Number),
    clearedMs: expect.any(Number),
    asSpecified: 'fires',
  });
  expect(measures.receivedMs).toBeGreaterThan(300_000 / timeScale - 1);
});

test('a cache that is full by intent raises no alert, and the specified one', async () => {
  expect(await measuresOf(drillWith('it is full and evicts, as a cache does'))).toEqual({ asSpecified: 'fires' });
});

test('an exporter that is gone is alerted as its server', async () => {
  expect(await measuresOf(drillWith('its exporter is killed'))).toMatchObject({ receivedMs: expect.any(Number) });
});

test('a drill whose alert does what it must not fails', async () => {
  const full = drillWith('it is full and does not evict');
  const silenced = { ...full, mustFire: false };
  await expect(measuresOf(silenced)).rejects.toThrow('RedisMemoryUsageHigh is pending, and all is well');
});
