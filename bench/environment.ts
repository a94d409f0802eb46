import { statfs } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { now } from '../sandbox/core/clock.ts';
import { describeMachine } from '../sandbox/core/process/machine.ts';
import type { Engine } from '../sandbox/engines/contract/engine.ts';
import { isExternal, type ReachableEngine } from '../sandbox/engines/contract/topology.ts';
import type { Dataset } from '../seeds/dataset.ts';
import type { BenchEnvironment } from './results.ts';

/** Magic numbers of file systems, as `statfs(2)` gives them and names them. */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
};

export interface Watched {
  readonly dataset: Dataset | undefined;
  readonly holds?: ReadonlySet<string>;
  readonly engines: readonly Engine[];
  readonly running: ReadonlyMap<string, ReachableEngine>;
  /** Folder whose commit and file system are named. Default: the current one. */
  readonly directory?: string;
}

/** Begins to watch what the figures of a run depend on; the returned function ends it. */
export async function watchEnvironment(watched: Watched): Promise<() => BenchEnvironment> {
  const { dataset, running, directory = process.cwd() } = watched;
  const startedAt = now().toISOString();
  const [commit, fileSystem, serverSettings] = await Promise.all([
    commitOf(directory),
    fileSystemOf(directory),
    settingsOf(watched),
  ]);
  const loadBefore = loadavg()[0] ?? 0;
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    const elapsedUs = (performance.now() - beganMs) * 1_000;
    return {
      ...describeMachine(),
      startedAt,
      commit,
      fileSystem,
      dataset: dataset === undefined || watched.holds?.size === 0 ? null : { size: dataset.size, seed: dataset.seed },
      loadBefore,
      loadAfter: loadavg()[0] ?? 0,
      clientCpuShare: Math.round(((user + system) / elapsedUs) * 100) / 100,
      servers: Object.fromEntries(
        [...running.values()].map((each) => {
          const { engine, serverVersion, image } = each;
          const origin = isExternal(each) ? 'external' : `${image.origin}, ${image.digest}`;
          return [engine, `${serverVersion} (${origin})`];
        }),
      ),
      serverSettings,
    };
  };
}

/** What the servers hold, for people. */
export function datasetText({ dataset }: Pick<BenchEnvironment, 'dataset'>): string {
  return dataset === null ? 'not known' : `${dataset.size}, seed ${dataset.seed}`;
}

async function commitOf(directory: string): Promise<string | null> {
  const { execa } = await import('execa');
  const git = (...args: readonly string[]) => execa('git', args, { cwd: directory, reject: false });
  const [head, changes] = await Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain')]);
  if (head.exitCode !== 0 || head.stdout === undefined) return null;
  return `${head.stdout.slice(0, 12)}${changes.stdout === '' ? '' : '+changes'}`;
}

async function fileSystemOf(directory: string): Promise<string> {
  const { type } = await statfs(directory);
  return fileSystems[type] ?? `type 0x${type.toString(16)}`;
}

async function settingsOf({ engines, running }: Watched): Promise<BenchEnvironment['serverSettings']> {
  const entries = engines.map(async ({ name, bench }) => {
    const serverSettings = bench?.serverSettings;
    const target = running.get(name);
    if (target === undefined || serverSettings === undefined) return [];
    // Somebody else's server may keep them to itself.
    const told = serverSettings(target).catch((thrown) => {
      if (!isExternal(target)) throw thrown;
      return { settings: 'not told' };
    });
    return [[name, await told] as const];
  });
  return Object.fromEntries((await Promise.all(entries)).flat());
}
