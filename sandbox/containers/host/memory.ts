import { docker } from '../runtime/docker.ts';

/** Fields of the memory controller's statistics; their names differ between its two versions. */
interface MemoryStatistics {
  readonly usage?: number;
  readonly stats?: Readonly<Record<string, number>>;
}

/**
 * Memory of a container that is not a cache of files and so cannot be given back: what its processes hold, shared
 * memory and the kernel's part, in bytes.
 */
export async function residentBytes(container: string): Promise<number> {
  const statistics = (await (await docker()).getContainer(container).stats({ stream: false, 'one-shot': true })) as {
    memory_stats: MemoryStatistics;
  };
  const { usage = 0, stats = {} } = statistics.memory_stats;
  const files = (name: string) => stats[`total_${name}`] ?? stats[name] ?? 0;
  return usage - files('inactive_file') - files('active_file');
}
