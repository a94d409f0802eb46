import type { Dataset } from '../../../seeds/dataset.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { ReachableEngine } from '../../engines/contract/topology.ts';
import type { Check } from '../contracts/contract.ts';
import type { Distributions } from '../drift/distributions.ts';
import type { Moments } from './parameters.ts';

/** Stores, and what is asked of them. */
export interface QualityTarget {
  /** Those that are meant; one that is not in `running` is `not-run`, or `unknown` where it is gone. */
  readonly engines: readonly Engine[];
  readonly running: ReadonlyMap<string, ReachableEngine>;
  /** Names of those that are to run, and whose containers somebody has removed. Default: none. */
  readonly gone?: ReadonlySet<string>;
  /** Those that the stack had and does not have now: they were not started again. Default: none. */
  readonly leftOut?: readonly Engine[];
  readonly checks: readonly Check[];
  readonly moments: Moments;
  /** What the stores hold, where it is known: then they are held against it and each other too. */
  readonly dataset?: Dataset;
  /** What earlier runs have seen of distributions. Absent where nobody remembers: checks of drift are `not-run`. */
  readonly distributions?: Distributions;
  /** Whether distributions are taken as they are now, for later runs to be compared with. Default: they are compared. */
  readonly acceptDrift?: boolean;
  /** Whether differences from the dataset are errors. Default: warnings. */
  readonly strict?: boolean;
  readonly progress?: ProgressListener;
  /** Ends the run between two checks, which then rejects. */
  readonly signal?: AbortSignal;
}
