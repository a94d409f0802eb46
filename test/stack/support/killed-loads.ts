import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../../sandbox/engines/engine-names.ts';
import { attachStack } from '../../../sandbox/stack/attach/attach-stack.ts';
import { startCommand } from '../../../scenarios/backup/whole-platform/command.ts';
import { rowRandom } from '../../../seeds/random/random.ts';
import { type StackFolder, stackFolder } from '../../support/command.ts';
import { seed, seedText } from '../../support/seed.ts';
import { wholeEngine } from '../../support/whole-engines.ts';

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

/** How many loads of a store are killed, each of them twice: until one was killed in its middle, and so many. */
export interface KilledLoads {
  readonly loadsMin: number;
  readonly loadsMax: number;
}

/** The tests of one engine's load, with a stack of their own. */
export function testKilledLoads(name: EngineName, { loadsMin, loadsMax }: KilledLoads): void {
  const size = sizeOf(name);
  /** Another world, so that there is something to replace. */
  const other = ['--size', size, '--seed', '7', '--reset'];
  let folder: StackFolder;
  let whole: Readonly<Record<string, string>>;
  /** What the load of the other world has said. */
  let told: readonly Event[];

  beforeAll(async () => {
    folder = await stackFolder();
    expect(await folder.run('up', '--engines', name, '--size', size)).toMatchObject({ exitCode: 0 });
    whole = await content();
    const loaded = await runSeed(other);
    expect(loaded).toMatchObject({ exitCode: 0 });
    told = loaded.events;
    expect(await content()).not.toEqual(whole);
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test(`goes on where it was and ends with the same data (${seedText})`, async () => {
    const random = rowRandom(seed, `killed load of ${name}`)(0);
    let continued = 0;
    for (let load = 0; load < loadsMin || (continued === 0 && load < loadsMax); load += 1) {
      if (load > 0) expect(await runSeed(other)).toMatchObject({ exitCode: 0 });
      const reset = ['--size', size, '--reset'];
      const shares = [random.float(), random.float()].map((share) => share * latestShareOf(name));
      const kills = [await runSeed(reset, shares[0]), await runSeed(['--size', size], shares[1])];
      const last = await runSeed(['--size', size]);

      expect(last, `killed at ${shares}`).toMatchObject({ exitCode: 0 });
      const loaded = last.events.find(({ kind, task }) => kind === 'finished' && task?.[0] === 'load');
      // The first kill came after rows were written: nothing begins anew from then on.
      if (kills[0]?.killed) expect(loaded?.text).toMatch(/continued after|there already/);
      if (loaded?.text?.includes('continued after')) continued += 1;
      expect(await content(), `killed at ${shares}`).toEqual(whole);
    }
    expect(continued).toBeGreaterThan(0);
  }, 600_000);

  test('tells its rate and the time that is left', () => {
    const advances = told.filter(({ kind, total }) => kind === 'advanced' && total !== undefined);
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

  async function content(): Promise<Readonly<Record<string, string>>> {
    const { engines } = await attachStack({ directory: folder.path });
    const { data } = await wholeEngine(name);
    const parts = Object.entries((await data.fingerprint(engines.get(name) as RunningEngine)).parts);
    return Object.fromEntries(parts.filter(([part]) => !timeBound.includes(part)));
  }
}
