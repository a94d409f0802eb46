import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { describe, expect, test } from 'vitest';
import { arrivalTimesMs } from '../../bench/load/arrivals.ts';
import { measureClosedLoop } from '../../bench/load/closed-loop.ts';
import { findMaximum } from '../../bench/load/find-maximum.ts';
import { createRecorder, latenciesOf, record } from '../../bench/load/latencies.ts';
import { measureOpenLoop } from '../../bench/load/open-loop.ts';
import { startKnownServer } from '../../bench/proofs/known-client.ts';

const { signal } = new AbortController();
const clientsOf = (count: number, run: (iteration: number) => Promise<void>) =>
  Array.from({ length: count }, () => run);

/** Computes for so long: an event loop that cannot do anything else. */
function work(forMs: number): void {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs);
}

describe('a client that is the limit is called so', () => {
  test('where its work fills a core', async () => {
    await using server = await startKnownServer({ serviceMs: 0.05, service: 'work' });
    const run = async () => {
      await server.request();
      work(5);
    };
    const { client } = await measureClosedLoop({ clients: clientsOf(8, run), warmUpMs: 100, measureMs: 1_500, signal });
    // On a machine that gives it less than a core, its late timers show it instead.
    expect(client.bound).toMatch(/^client-bound: /);
  });

  test('where its event loop is held up half of the time', async () => {
    await using server = await startKnownServer({ serviceMs: 1, service: 'sleep' });
    const blocking = setInterval(() => work(50), 100);
    const options = { ratePerS: 100, warmUpMs: 100, measureMs: 2_000, signal };
    const { client } = await measureOpenLoop({
      clients: clientsOf(50, async () => void (await server.request())),
      ...options,
    });
    clearInterval(blocking);
    expect(client.bound).toMatch(/^client-bound: /);
  });

  test.runIf(process.platform === 'linux')('where others have the cores', async () => {
    await using server = await startKnownServer({ serviceMs: 0.05, service: 'work' });
    const others = Array.from({ length: cpus().length * 3 }, () => spawn(process.execPath, ['-e', 'for (;;);']));
    try {
      const run = async () => {
        await server.request();
        work(0.5);
      };
      const { client } = await measureClosedLoop({
        clients: clientsOf(4, run),
        warmUpMs: 300,
        measureMs: 1_500,
        signal,
      });
      expect(client.bound).toMatch(/^client-bound: this process waited for a core \d+ % of the time$/);
    } finally {
      for (const other of others) other.kill('SIGKILL');
      await Promise.all(others.map((other) => (other.exitCode === null ? once(other, 'exit') : undefined)));
    }
  });

  test('and one that waits for a slow server is not', async () => {
    await using server = await startKnownServer({ serviceMs: 200, service: 'sleep' });
    const run = async () => void (await server.request());
    const { client } = await measureClosedLoop({ clients: clientsOf(4, run), warmUpMs: 0, measureMs: 1_500, signal });
    // Where others have the cores, that is what it says.
    const isLeftAlone = client.waitedForCoreShare < 0.1;
    expect(isLeftAlone ? client.bound : null).toBeNull();
    expect(client.bound ?? '').not.toMatch(/ of a core$/);
    expect(client.cpuShare).toBeLessThan(0.5);
  });
});

describe('an open loop', () => {
  test('offers what was asked for, and says how far its arrivals were from their schedule', async () => {
    await using server = await startKnownServer({ serviceMs: 0.02, service: 'work' });
    const clients = clientsOf(200, async () => void (await server.request()));
    const measured = await measureOpenLoop({ clients, ratePerS: 2_000, warmUpMs: 200, measureMs: 2_000, signal });
    // How far is the machine's doing as much as the loop's: `bench/proofs/load-generator.ts` prints it.
    expect(measured.schedule.errorP50Us).toBeGreaterThanOrEqual(0);
    expect(measured.schedule.errorP99Us).toBeGreaterThanOrEqual(measured.schedule.errorP50Us);
    expect(measured.offeredPerS).toBe(2_000);
    expect(measured.latencies.samples + measured.dropped).toBe(4_000);
  });

  test('counts what it gives up as dropped', async () => {
    const never = clientsOf(2, () => new Promise<void>(() => {}));
    const options = { ratePerS: 1_000, warmUpMs: 0, measureMs: 300, queueLimit: 10, drainMs: 50, signal };
    expect(await measureOpenLoop({ clients: never, ...options })).toMatchObject({
      dropped: 300,
      offeredPerS: 1_000,
      latencies: { samples: 0 },
    });
  });

  test('fails as its requests fail', async () => {
    const clients = clientsOf(2, () => Promise.reject(new Error('no such table')));
    const options = { ratePerS: 100, warmUpMs: 0, measureMs: 300, signal };
    await expect(measureOpenLoop({ clients, ...options })).rejects.toThrow('no such table');
  });

  test('counts from the intended start where all clients are taken', async () => {
    await using server = await startKnownServer({ serviceMs: 50, service: 'sleep' });
    const clients = clientsOf(1, async () => void (await server.request()));
    const options = { ratePerS: 40, warmUpMs: 0, measureMs: 1_000, signal };
    const { latencies } = await measureOpenLoop({ clients, ...options });
    // Twenty a second are served, forty come: the last one waits for about a second behind the others.
    expect(latencies).toMatchObject({ samples: 40 });
    expect(latencies.maxUs).toBeGreaterThan(900e3);
  });
});

describe('arrivals', () => {
  test('at a constant rate are evenly apart', () => {
    const times = [...arrivalTimesMs({ arrivals: 'constant', ratePerS: 200, durationMs: 50, seed: 1 })];
    expect(times).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45]);
  });

  test('by Poisson have the rate, exponential gaps, and are the same for the same seed', () => {
    const options = { arrivals: 'poisson', ratePerS: 1_000, durationMs: 100_000, seed: 7 } as const;
    const times = [...arrivalTimesMs(options)];
    expect(times.length / 100_000).toBeCloseTo(1, 1);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // Of exponential gaps, e^-1 are longer than the mean.
    expect(gaps.filter((gap) => gap > 1).length / gaps.length).toBeCloseTo(Math.exp(-1), 1);
    expect([...arrivalTimesMs(options)]).toEqual(times);
    expect([...arrivalTimesMs({ ...options, seed: 8 })]).not.toEqual(times);
  });
});

describe('a closed loop', () => {
  test('finds the maximum: more clients are tried until they bring nothing', async () => {
    // Long against what a busy machine adds to a request, which is not the same in each step.
    await using server = await startKnownServer({ serviceMs: 60, service: 'sleep' });
    // Three at a time are let through: four clients are no faster than three.
    let open = 3;
    const line: (() => void)[] = [];
    const run = async () => {
      if (open === 0) await new Promise<void>((resolve) => line.push(resolve));
      else open -= 1;
      await server.request();
      const next = line.shift();
      if (next === undefined) open += 1;
      else next();
    };
    const { steps, best } = await findMaximum({ clients: clientsOf(256, run), warmUpMs: 100, measureMs: 600, signal });
    expect(best.clients).toBeGreaterThanOrEqual(4);
    // One, two, four, and two steps that bring nothing: noise may add some, but never all nine.
    expect(steps.length).toBeLessThan(9);
    expect(best.latencies.achievedPerS).toBeGreaterThan(2 * (steps[0]?.latencies.achievedPerS ?? 0));
  });
});

test('percentiles are those of what was recorded, and the 99.9th needs ten thousand samples', () => {
  const recorder = createRecorder();
  for (let index = 1; index <= 9_999; index += 1) record(recorder, index / 1_000);
  expect(latenciesOf(recorder, 1_000)).toMatchObject({ samples: 9_999, achievedPerS: 9_999, p999Us: null });
  record(recorder, 10);
  const { p50Us, p90Us, p99Us, p999Us, maxUs } = latenciesOf(recorder, 1_000);
  for (const [shown, exact] of [
    [p50Us, 5_000],
    [p90Us, 9_000],
    [p99Us, 9_900],
    [p999Us, 9_990],
    [maxUs, 10_000],
  ] as const) {
    expect(Math.abs((shown ?? 0) / exact - 1)).toBeLessThan(0.002);
  }
});
