import type { ChosenStores } from '../sandbox/cross-store/query-paths/cross-store-path.ts';
import type { Engine } from '../sandbox/engines/contract/engine.ts';
import type { ReachableEngine } from '../sandbox/engines/contract/topology.ts';
import type { Dataset } from '../seeds/dataset.ts';

/** How servers are asked, and what is made of their answers. */
export interface AnswerOptions {
  /** Which engine each read of a path through several stores is asked of. Default: the first that offers it. */
  readonly readFrom?: ChosenStores;
  /** What was added, changed or removed since the seeding fails as it does right after a load. Default: it is `not checked`. */
  readonly strict?: boolean;
  /** Folder of the stack, whose commit is named. Default: the current one. */
  readonly directory?: string;
}

/** What is measured: a stack, or servers that are somebody else's. */
export interface BenchTarget extends AnswerOptions {
  /** Engines whose query paths are measured. */
  readonly engines: readonly Engine[];
  /** Where they are reached, by the engine's name. One that is not in it is not measured. */
  readonly running: ReadonlyMap<string, ReachableEngine>;
  /** What the servers hold. Without it, parameters are drawn from them, and answers are not known. */
  readonly dataset: Dataset | undefined;
  /** Engines that hold the dataset. Default: all. Of the others parameters are drawn from what they hold. */
  readonly holds?: ReadonlySet<string>;
  /** Paths that write are run on servers that are somebody else's too. Default: false. */
  readonly confirmedWrites?: boolean;
}
