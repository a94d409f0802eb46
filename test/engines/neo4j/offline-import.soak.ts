import { describe, expect, test } from 'vitest';
import { loadedFingerprint } from '../../../sandbox/engines/neo4j/data/load.ts';
import { imported, little, useImportStack, world } from '../support/import-stack.ts';
import { killedLoad } from '../support/killed-load.ts';

const { running, whole, loadAs } = useImportStack();

describe('an offline import', () => {
  test.each([0, 0.1, 0.5, 'importing', 'starting on what was imported'])(
    'whose process is killed at %s leaves nothing half, and the next one ends with the same data',
    async (at) => {
      await killedLoad({ name: 'neo4j', running: running(), world, at, imports: true });
      expect(await loadedFingerprint(running())).toBeUndefined();
      expect((await loadAs(little, imported)).parts).toEqual(whole());
    },
  );
});
