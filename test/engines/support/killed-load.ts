import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../../sandbox/engines/engine-names.ts';
import type { DatasetOptions } from '../../../seeds/create-dataset.ts';

/** A load in a process of its own, which is killed in the middle. */
export interface LoadUntil {
  readonly name: EngineName;
  readonly running: RunningEngine;
  readonly world: DatasetOptions;
  /** When it is killed: once this share of its rows was written, or once the load says this of itself. */
  readonly at: number | string;
  /** Whether Neo4j is to import them offline. Default: it decides for itself. */
  readonly imports?: boolean;
}

/** Resolves once the process is dead. */
export async function killedLoad(load: LoadUntil): Promise<void> {
  const child = fork(join(import.meta.dirname, 'load-until.ts'));
  const exited = once(child, 'exit');
  child.send(load);
  expect((await exited)[1]).toBe('SIGKILL');
}
