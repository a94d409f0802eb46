import type { EntityCounts } from '../../../seeds/dataset.ts';
import { SandboxError } from '../../core/errors.ts';
import type { Engine } from '../../engines/contract/engine.ts';

/** What is left on the machine, in bytes. */
export interface AvailableResources {
  readonly diskBytes: number;
  readonly memoryBytes: number;
}

/**
 * Refuses a start for which the machine has no room, with the dataset that is to be loaded, if one is.
 * Throws `NO_DISK_SPACE` or `NO_MEMORY` with the figures.
 */
export function checkResources(engines: readonly Engine[], available: AvailableResources, counts?: EntityCounts): void {
  const names = engines.map((engine) => engine.name).join(', ');
  const needed = engines.map((engine) => engine.resources(counts));
  const diskBytes = sum(needed.map((each) => each.diskBytes));
  const memoryBytes = sum(needed.map((each) => each.memoryBytes));
  if (diskBytes > available.diskBytes) {
    throw new SandboxError({
      code: 'NO_DISK_SPACE',
      message: `${names} need ${megabytes(diskBytes)} of disk where Docker keeps its data; ${megabytes(available.diskBytes)} are free.`,
      next: 'Make room (`docker system df` shows what is used), start fewer engines with --engines, or load a smaller --size.',
    });
  }
  if (memoryBytes > available.memoryBytes) {
    throw new SandboxError({
      code: 'NO_MEMORY',
      message: `${names} need ${megabytes(memoryBytes)} of memory; ${megabytes(available.memoryBytes)} are available.`,
      next: "End other programs, raise the memory of Docker's virtual machine, start fewer engines or load a smaller --size.",
    });
  }
}

/** An engine's image, in bytes: of those that are built here, the largest, Neo4j's, has 718 MB. */
const imageBytes = 900e6;

/** What these engines take with `small` and their images, with as much memory again for files that are read, and for us. */
export function comfortableRoom(engines: readonly Engine[]): AvailableResources {
  const needed = engines.map((engine) => engine.resources());
  return {
    diskBytes: sum(needed.map(({ diskBytes }) => diskBytes + imageBytes)),
    memoryBytes: sum(needed.map(({ memoryBytes }) => memoryBytes)) * 2,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
