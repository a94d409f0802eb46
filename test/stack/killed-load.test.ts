import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineName, engineNames } from '../../sandbox/engines/engine-names.ts';
import type { RunningEngine } from '../../sandbox/engines/topology.ts';
import { attachStack } from '../../sandbox/stack/attach-stack.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { startCommand } from '../../scenarios/backup/command.ts';
import { rowRandom } from '../../seeds/random.ts';
import { type StackFolder, stackFolder } from '../support/command.ts';
import { wholeEngines } from '../support/whole-engines.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
/** Loads of each store that are killed, each of them twice. */
const loads = Number(process.env.SANDBOX_TEST_LOADS ?? 2);

/** Parts of a fingerprint that depend on when a key was set. */
const timeBound = ['expiries'];

/** `small` is in Redis before anybody could kill what loads it, and of `medium` the first news comes in time alone. */
const sizeOf = (engine: EngineName) => (engine === 'redis' ? 'medium' : 'small');
const latestShareOf = (engine: EngineName) => (engine === 'redis' ? 0 : 0.9);

/** An event of `--progress json`. */
interface Event {
  readonly kind: string;
  readonly task?: readonly string[];
  readonly done?: number;
  readonly total?: number;
  readonly ratePerS?: number;
  readonly remainingMs?: number;
  readonly text?: string;
}

describe.each(engineNames)('a load of %s that is killed', (name: EngineName) => {
  const size = sizeOf(name);
  let folder: StackFolder;
  let whole: Readonly<Record<string, string>>;

  beforeAll(async () => {
    await using stack = await createStack({ engines: [name], size, connect: false });
    whole = await contentOf(name, stack.engines[name]);
    folder = await stackFolder();
    expect(await folder.run('up', '--engines', name, '--size', 'none')).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test(`goes on where it was and ends with the same data (SANDBOX_TEST_SEED=${seed})`, async () => {
    const random = rowRandom(seed, `killed load of ${name}`)(0);
    let continued = 0;
    for (let load = 0; load < loads; load += 1) {
      // Another world first, so that there is something to replace.
      expect(await runSeed(['--size', size, '--seed', '7', '--reset'])).toMatchObject({ exitCode: 0 });
      const reset = ['--size', size, '--reset'];
      const shares = [random.float(), random.float()].map((share) => share * latestShareOf(name));
      const kills = [await runSeed(reset, shares[0]), await runSeed(['--size', size], shares[1])];
      const last = await runSeed(['--size', size]);

      expect(last, `killed at ${shares}`).toMatchObject({ exitCode: 0 });
      const loaded = last.events.find(({ kind, task }) => kind === 'finished' && task?.[0] === 'load');
      // The first kill came after rows were written: nothing begins anew from then on.
      if (kills[0]?.killed) expect(loaded?.text).toMatch(/continued after|there already/);
      if (loaded?.text?.includes('continued after')) continued += 1;
      const { engines } = await attachStack({ directory: folder.path });
      expect(await contentOf(name, engines.get(name) as RunningEngine), `killed at ${shares}`).toEqual(whole);
    }
    expect(continued).toBeGreaterThan(0);
  }, 300_000);

  test('tells its rate and the time that is left', async () => {
    const { events } = await runSeed(['--size', size, '--seed', '7', '--reset']);
    const advances = events.filter(({ kind, total }) => kind === 'advanced' && total !== undefined);
    expect(advances.at(-1)).toMatchObject({ remainingMs: 0 });
    expect(advances.every(({ ratePerS }) => (ratePerS ?? 0) > 0)).toBe(true);
    expect(advances.at(-1)?.done).toBe(advances.at(-1)?.total);
  });

  /** Seeds; with `share` the process is killed once so much of the load is done. */
  async function runSeed(args: readonly string[], share?: number) {
    const all = ['seed', ...args, '--progress', 'json', '--format', 'json'];
    const running = startCommand(all, { cwd: folder.path });
    const events: Event[] = [];
    for await (const line of createInterface({ input: running.stderr })) {
      const event = line.startsWith('{') ? (JSON.parse(line) as Event) : undefined;
      if (event !== undefined) events.push(event);
      const isFar =
        event?.total !== undefined && event.task?.[0] === 'load' && (event.done ?? 0) / event.total >= (share ?? 2);
      if (isFar) running.kill('SIGKILL');
    }
    const { exitCode, signal } = await running;
    return { exitCode, killed: signal === 'SIGKILL', events };
  }
});

async function contentOf(name: EngineName, running: RunningEngine): Promise<Readonly<Record<string, string>>> {
  const [engine] = await wholeEngines([name]);
  const parts = Object.entries((await engine?.data.fingerprint(running))?.parts ?? {});
  return Object.fromEntries(parts.filter(([part]) => !timeBound.includes(part)));
}
