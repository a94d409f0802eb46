import type { ResolvedImage } from '../sandbox/containers/images/image-spec.ts';
import type { ProgressListener, TaskPath } from '../sandbox/core/progress.ts';
import type { StackOptions } from '../sandbox/stack/stack-options.ts';
import type { DatasetSize } from '../seeds/dataset.ts';

/** How thorough a run is: `quick` asks what the main command asks; `full` asks all. */
export type Depth = 'quick' | 'full';

/** What every suite of a run shares. */
export interface SuiteContext {
  readonly depth: Depth;
  readonly size: DatasetSize;
  readonly seed: number;
  /** Image of each engine, already present. */
  readonly images: ReadonlyMap<string, ResolvedImage>;
  /** Of every throw-away stack of the run. */
  readonly stackOptions: Pick<StackOptions, 'images' | 'dockerInstall' | 'signal'>;
  /** Folder that histories are kept in. */
  readonly reportDirectory: string;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
}

/** A listener that files the tasks of a throw-away stack under the suite that started it. */
export function prefixed(listener: ProgressListener, prefix: TaskPath): ProgressListener {
  return (event) => listener('task' in event ? { ...event, task: [...prefix, ...event.task] } : event);
}
