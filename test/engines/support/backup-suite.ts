import { afterEach, describe, expect, test } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { refusalOf, refusalsExpected, refusalsOfPart, type StoredBackup, withLittleRoom } from './backups.ts';

/** What the tests of an engine's backup have made before the first of them. */
interface BackedUp {
  /** Holds what was backed up. */
  readonly source: RunningEngine;
  /** Holds nothing. */
  readonly target: RunningEngine;
  readonly taken: StoredBackup;
}

/** What the suite needs of an engine. */
export interface BackupSuite {
  readonly engine: EngineWith<'backup' | 'data'>;
  readonly backedUp: () => BackedUp;
  /** Files of a backup that are data: each is damaged in every way. */
  readonly parts: readonly string[];
  /** Manifests of what this target cannot take: another engine, implementation or version. */
  readonly foreign: (target: RunningEngine) => readonly Partial<BackupManifest>[];
  readonly wrongSecrets: RunningEngine['secrets'];
  /** Where the server keeps its data, and as whom it writes there; absent where it runs as root. */
  readonly folder: { readonly path: string; readonly owner?: string };
  /** Fails where the target is not as it was before the first restore. */
  readonly requireEmpty: () => Promise<void>;
}

/** Tests that every engine's backup passes; what is an engine's own is in its own file. */
export function testBackup({
  engine,
  backedUp,
  parts,
  foreign,
  wrongSecrets,
  folder,
  requireEmpty,
}: BackupSuite): void {
  const nodeOf = ({ nodes: [node] }: RunningEngine) => node as NodeHandle;

  describe(`what ${engine.title} refuses before the target is touched`, () => {
    // Whatever was refused: nothing of it is there.
    afterEach(requireEmpty);

    test.each(parts)('%s that is not what it was, or not what it claims to be', async (part) => {
      const { target, taken } = backedUp();
      expect(await refusalsOfPart(engine, target, taken, part)).toEqual(refusalsExpected);
    });

    test('a backup of another engine, of another implementation, of a version that it cannot read', async () => {
      const { target, taken } = backedUp();
      const others = foreign(target);
      expect(others.length).toBeGreaterThan(1);
      for (const other of others) {
        const manifest = { ...taken.manifest, ...other };
        expect(await refusalOf(engine, target, { ...taken, manifest }), JSON.stringify(other)).toBe(
          'BACKUP_VERSION_FOREIGN',
        );
      }
    });

    test('a wrong password', async () => {
      const { target, taken } = backedUp();
      const stranger = { ...target, secrets: { ...target.secrets, ...wrongSecrets } };
      expect(await refusalOf(engine, stranger, taken)).toBe('RESTORE_PASSWORD_WRONG');
    });

    const { owner } = folder;
    if (owner !== undefined) {
      test('a server without the right to write', async () => {
        const { target, taken } = backedUp();
        await execInNode(nodeOf(target), ['chown', '0:0', folder.path]);
        try {
          expect(await refusalOf(engine, target, taken)).toBe('RESTORE_NO_RIGHTS');
        } finally {
          await execInNode(nodeOf(target), ['chown', owner, folder.path]);
        }
      });
    }

    test('a target without room', async () => {
      const { target, taken } = backedUp();
      await using small = await withLittleRoom(target, folder.path, 65_536);
      expect(await refusalOf(engine, small.target, taken)).toBe('RESTORE_TARGET_FULL');
    });
  });

  test('a restore over data is refused, and changes nothing', async () => {
    const { source, taken } = backedUp();
    const before = await engine.data.fingerprint(source);
    expect(await refusalOf(engine, source, taken)).toBe('RESTORE_TARGET_NOT_EMPTY');
    expect(await engine.data.fingerprint(source)).toEqual(before);
  });
}
