import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startCommand } from '../../../scenarios/backup/whole-platform/command.ts';
import { rowRandom } from '../../../seeds/random/random.ts';
import { runCommand, runForDocument } from '../../support/command.ts';
import { seed } from '../../support/seed.ts';
import { type BackedUpStack, backedUpStack, upArguments } from './backed-up-stack.ts';
import { destroy, type Fingerprints, fingerprintsOf, leftovers, nothingLeft } from './live-stack.ts';

/** Each of these tests makes two restores, a backup and a start. */
export const timeout = 400_000;

/** A stack whose restores in place are killed. */
export interface RestoredStack extends BackedUpStack {
  /** How long a restore in place takes that nobody kills. */
  readonly durationMs: number;
  /** The command that restores in place. */
  readonly replace: readonly string[];
  /** Destroys the good data, and says what the running stack holds then. */
  readonly destroyed: () => Promise<Fingerprints>;
  /** After an `up`, which takes up whatever counts: all engines have the old data, or all have the new. */
  readonly requireOldOrNew: (old: Fingerprints) => Promise<void>;
  /** Restores whole, and holds that the data is the good one and nothing is left. */
  readonly restoreWhole: () => Promise<void>;
}

export async function restoredStack(): Promise<RestoredStack> {
  const stack = await backedUpStack();
  const { path } = stack.folder;
  const replace = ['restore', stack.archive, '--into', 'replace', '--yes'];
  const beganMs = performance.now();
  await runForDocument(replace, { cwd: path });
  const durationMs = performance.now() - beganMs;
  return {
    ...stack,
    durationMs,
    replace,
    async destroyed() {
      await bringUp(path);
      await destroy(path);
      return fingerprintsOf(path);
    },
    async requireOldOrNew(old) {
      await bringUp(path);
      expect([old, stack.good]).toContainEqual(await fingerprintsOf(path));
    },
    async restoreWhole() {
      await runForDocument(replace, { cwd: path });
      expect(await fingerprintsOf(path)).toEqual(stack.good);
      expect(await leftovers(path)).toEqual(nothingLeft);
    },
  };
}

/** `up` takes up whatever counts, also where that is data with a table destroyed, of which it says what is missing. */
async function bringUp(cwd: string): Promise<void> {
  const { exitCode, stdout } = await runCommand([...upArguments, '--size', 'none', '--format', 'json'], { cwd });
  if (exitCode !== 0) expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'SCHEMA_INCOMPLETE' } });
}

/** So many restores in place that are killed, each after a share of its time that is drawn. */
export function testKilledRestores(stack: () => RestoredStack, kills: number): void {
  const random = rowRandom(seed, 'killed restore')(0);
  const shares = Array.from({ length: kills }, () => random.float());

  test.each(shares)('after %f of its time leaves the data as before or whole', { timeout }, async (share) => {
    const { folder, durationMs, replace, destroyed, requireOldOrNew, restoreWhole } = stack();
    const old = await destroyed();
    const running = startCommand(replace, { cwd: folder.path });
    // Not a wait for something to happen: the moment is what is tried.
    await Promise.race([delay(share * durationMs), running]);
    running.kill('SIGKILL');
    await running;
    await requireOldOrNew(old);
    await restoreWhole();
  });
}
