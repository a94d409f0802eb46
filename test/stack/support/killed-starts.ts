import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../../sandbox/containers/runtime/objects.ts';
import type { StackStatus } from '../../../sandbox/stack/attach/stack-status.ts';
import { stackIdentity } from '../../../sandbox/stack/state/stack-identity.ts';
import { startCommand } from '../../../scenarios/backup/whole-platform/command.ts';
import { rowRandom } from '../../../seeds/random/random.ts';
import { runForDocument, stackFolder } from '../../support/command.ts';
import { seed } from '../../support/seed.ts';

/** Long enough for the last step of a start on a machine that does something else as well. */
const latestMs = 9_000;
const up = ['up', '--engines', 'postgresql,redis'];

/** Starts that are killed, `kills` of them: one at random in each of so many parts of a start, from its first to its last. */
export function testKilledStarts(kills: number): void {
  const random = rowRandom(seed, 'killed start')(0);
  const momentsMs = Array.from({ length: kills }, (_, part) =>
    Math.round(((part + random.float()) / kills) * latestMs),
  );

  test.each(momentsMs)('after %i ms is taken up by the next, which finds or makes everything', async (momentMs) => {
    await using folder = await stackFolder();
    const running = startCommand(up, { cwd: folder.path });
    // Not a wait for something to happen: the moment is what is tried.
    await Promise.race([delay(momentMs), running]);
    running.kill('SIGKILL');
    await running;

    const again = await runForDocument<StackStatus & { crossStore?: { ok: boolean } }>(up, { cwd: folder.path });
    expect(again).toMatchObject({ state: 'running' });
    expect(again.crossStore?.ok ?? true).toBe(true);
    const attached = await runForDocument<{ attached: boolean }>(up, { cwd: folder.path });
    expect(attached).toMatchObject({ attached: true });
    expect(await folder.run('down', '-v')).toMatchObject({ exitCode: 0 });
    const label = { [labelNames.stack]: stackIdentity({ directory: folder.path }).name };
    expect(await Promise.all([findContainers(label), findVolumes(label), findNetworks(label)])).toEqual([[], [], []]);
  });
}
