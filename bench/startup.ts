import { spawn } from 'node:child_process';
import { median } from 'simple-statistics';
import { residentBytes } from '../sandbox/containers/host/memory.ts';
import { messageOf } from '../sandbox/core/errors.ts';
import { createTemporaryFolder } from '../sandbox/core/files/temporary-folder.ts';
import { programFile } from '../sandbox/core/process/program-file.ts';
import { type ProgressListener, runTask, silent } from '../sandbox/core/progress.ts';
import { withoutUndefined } from '../sandbox/core/without-undefined.ts';
import type { RunningEngine } from '../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../sandbox/engines/engine-names.ts';
import { createStack } from '../sandbox/stack/create-stack.ts';
import type { StackOptions } from '../sandbox/stack/stack-options.ts';
import type { StartupStep } from '../sandbox/stack/start/startup-steps.ts';
import { stackIdentity } from '../sandbox/stack/state/stack-identity.ts';
import { startWithCompose } from './compose-peer.ts';

/** What is wanted of a start on two cores, in milliseconds; printed beside what was measured. */
const startupTargetsMs = {
  'all ready with their schemas': 15_000,
  'all seeded and checked': 25_000,
  'attach to a running stack': 300,
  'show the status': 300,
  'show the help': 150,
} as const;

type StartupFigure = keyof typeof startupTargetsMs;

/** Times of a figure in its runs. */
interface Measured {
  readonly name: StartupFigure;
  readonly targetMs: number;
  readonly runsMs: readonly number[];
  readonly medianMs: number;
}

export interface StartupReport {
  readonly version: 1;
  readonly runs: number;
  readonly figures: readonly Measured[];
  /** Median time to ready with its schema of each engine started alone. */
  readonly aloneMs: Readonly<Record<string, number>>;
  /** Time to all ready with their schemas over that of the slowest engine alone. Wanted: at most 1.3. */
  readonly ratioToSlowest: number;
  /** Memory of all nodes that is not a cache of files, seeded with `small`. Wanted: at most 1.2 GB. */
  readonly residentBytes: Readonly<Record<string, number>>;
  /** The same images through Compose, as far as it can be had here. */
  readonly compose: { readonly readyMs: number; readonly program: string } | { readonly notRun: string };
}

export interface StartupOptions extends Pick<StackOptions, 'images' | 'dockerInstall'> {
  readonly engines: readonly EngineName[];
  /** Default: 3. */
  readonly runs?: number;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Measures starts of throw-away stacks, with all images present, in turns with each engine alone. */
export async function measureStartup(options: StartupOptions): Promise<StartupReport> {
  const runs = options.runs ?? 3;
  const progress = options.progress ?? silent;
  const shared: StackOptions = {
    connect: false,
    ...withoutUndefined({ images: options.images, dockerInstall: options.dockerInstall, signal: options.signal }),
  };
  const times: Record<StartupFigure, number[]> = {
    'all ready with their schemas': [],
    'all seeded and checked': [],
    'attach to a running stack': [],
    'show the status': [],
    'show the help': [],
  };
  const alone: Record<string, number[]> = Object.fromEntries(options.engines.map((engine) => [engine, []]));
  let resident: Record<string, number> = {};

  // The images, and the first use of every program on the disk, belong to no figure.
  await runTask(progress, ['startup', 'warm-up'], async () => {
    await using _ = await createStack({ ...shared, engines: options.engines, size: 'none' });
  });
  for (let run = 0; run < runs; run += 1) {
    await runTask(progress, ['startup', `all, run ${run + 1}`], async () => {
      await using stack = await createStack({ ...shared, engines: options.engines, size: 'none' });
      times['all ready with their schemas'].push(lastReady(stack.startup));
    });
    await runTask(progress, ['startup', `all seeded, run ${run + 1}`], async () => {
      await using stack = await createStack({ ...shared, engines: options.engines, size: 'small' });
      times['all seeded and checked'].push(lastReady(stack.startup));
      resident = await residentOf(Object.values<RunningEngine>(stack.engines));
    });
    for (const engine of options.engines) {
      await runTask(progress, ['startup', `${engine} alone, run ${run + 1}`], async () => {
        await using stack = await createStack({ ...shared, engines: [engine], size: 'none' });
        alone[engine]?.push(lastReady(stack.startup));
      });
    }
  }
  await runTask(progress, ['startup', 'commands'], () => measureCommands(options.engines, runs * 3, times));
  const compose = await runTask(progress, ['startup', 'compose'], () => composePeer(options.engines, shared));

  const aloneMs = Object.fromEntries(Object.entries(alone).map(([engine, each]) => [engine, median(each)]));
  const figures = Object.entries(times).map(([name, runsMs]) => ({
    name: name as StartupFigure,
    targetMs: startupTargetsMs[name as StartupFigure],
    runsMs: runsMs.map(Math.round),
    medianMs: Math.round(median(runsMs)),
  }));
  const ratio = median(times['all ready with their schemas']) / Math.max(...Object.values(aloneMs));
  return {
    version: 1,
    runs,
    figures,
    aloneMs,
    ratioToSlowest: Math.round(ratio * 100) / 100,
    residentBytes: resident,
    compose,
  };
}

/** When the last step was over, counted from the start of the command. */
function lastReady(steps: readonly StartupStep[]): number {
  return Math.max(...steps.map(({ readyMs }) => readyMs));
}

async function residentOf(engines: readonly RunningEngine[]): Promise<Record<string, number>> {
  const figures = engines.map(async ({ engine, nodes }) => {
    const each = await Promise.all(nodes.map((node) => residentBytes(node.containerId)));
    return [engine, each.reduce((sum, bytes) => sum + bytes, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(figures));
}

/** Whole processes, from their start to their end, on a stack of a folder of its own. */
async function measureCommands(
  engines: readonly EngineName[],
  runs: number,
  times: Record<StartupFigure, number[]>,
): Promise<void> {
  await using folder = await createTemporaryFolder('taishang-startup-');
  // Of its own name too, whatever the environment names.
  const place = ['--directory', folder.path, '--name', stackIdentity({ directory: folder.path }).name];
  const up = ['up', ...place, '--engines', engines.join(','), '--size', 'small'];
  try {
    await timeCommand(up);
    for (let run = 0; run < runs; run += 1) {
      times['attach to a running stack'].push(await timeCommand(up));
      times['show the status'].push(await timeCommand(['status', ...place]));
      times['show the help'].push(await timeCommand(['--help']));
    }
  } finally {
    await timeCommand(['down', '-v', ...place]);
  }
}

function timeCommand(args: readonly string[]): Promise<number> {
  const program = programFile(import.meta, '../sandbox/cli');
  const beganMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - beganMs);
      else reject(new Error(`sandbox ${args.join(' ')} ended with exit code ${code}`));
    });
  });
}

async function composePeer(engines: readonly EngineName[], shared: StackOptions): Promise<StartupReport['compose']> {
  try {
    return await startWithCompose(engines, shared);
  } catch (thrown) {
    return { notRun: messageOf(thrown) };
  }
}
