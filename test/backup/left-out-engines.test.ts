import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBackup } from '../../sandbox/backup/archive/open-archive.ts';
import { createBackup } from '../../sandbox/backup/run-backup.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { formatBackup } from '../../sandbox/report/stack/backup-text.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { dataOf } from '../support/data-home.ts';

/** Engines of which the next backup says that they have none, and how: as a whole, or in this layout. */
const without = vi.hoisted(() => new Map<string, 'whole' | 'layout'>());

vi.mock('../../sandbox/engines/load-engines.ts', async (original) => {
  const actual = await original<typeof import('../../sandbox/engines/load-engines.ts')>();
  const changed = (engine: Engine): Engine => {
    const kind = without.get(engine.name);
    const { backup, ...others } = engine;
    if (kind === undefined || backup === undefined) return engine;
    if (kind === 'whole') return { ...others, lacks: { ...engine.lacks, backup: 'it has no tool for it' } };
    const backUp = async () => {
      throw new SandboxError({
        code: 'NOT_SUPPORTED',
        engine: engine.name,
        message: 'This layout cannot be backed up.',
        next: 'Nothing.',
      });
    };
    return { ...engine, backup: { ...backup, backUp } };
  };
  return { loadEngines: async (names: never) => (await actual.loadEngines(names)).map(changed) };
});

let directory: string;
let stack: Stack<'postgresql' | 'redis'>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taishang-left-out-'));
  stack = await createStack({
    engines: ['postgresql', 'redis'],
    size: 'none',
    ephemeral: false,
    directory,
    connect: false,
  });
});
afterAll(async () => {
  await stack?.dispose();
  await takeDown({ directory, volumes: true });
  await rm(dataOf(directory), { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
});

/** Of a folder that the first backup makes. */
const filesIn = (name: string) => readdir(join(dataOf(directory), name)).catch(() => []);

describe('an engine that cannot be backed up', () => {
  test.each([
    ['whole', 'cannot be backed up here: it has no tool for it'],
    ['layout', 'This layout cannot be backed up'],
  ] as const)('leaves the others in the archive, which names it (%s)', async (kind, why) => {
    without.set('redis', kind);
    try {
      const { events, progress } = recorder();
      const report = await createBackup({ directory, progress });
      expect(report.engines.map(({ engine }) => engine)).toEqual(['postgresql']);
      expect(report.leftOut).toEqual([{ engine: 'redis', why: expect.stringContaining(why) }]);
      expect(noticesOf(events).join('\n')).toContain('not in the archive: redis');
      expect(formatBackup(report, colorsFor({}))).toContain('not in it: redis. ');
      const file = join(report.archive.location, report.archive.name);
      await using opened = await openBackup(file, { temporaryDirectory: directory });
      expect(opened.manifest.leftOut).toEqual(report.leftOut);
    } finally {
      without.clear();
    }
  });

  test('is an error where it was asked for by name, or where there is nothing else', async () => {
    const before = await filesIn('backups');
    for (const kind of ['whole', 'layout'] as const) {
      without.set('redis', kind);
      await expect(createBackup({ directory, engines: ['postgresql', 'redis'] })).rejects.toMatchObject({
        code: 'NOT_SUPPORTED',
      });
      without.set('postgresql', kind);
      await expect(createBackup({ directory })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
      without.clear();
    }
    expect(await filesIn('backups')).toEqual(before);
    expect(await filesIn('staging')).toEqual([]);
  });
});
