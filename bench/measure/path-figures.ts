import type { ImageOrigin } from '../../sandbox/containers/images/image-spec.ts';
import type { ParameterKind } from '../../sandbox/engines/contract/bench/query-path.ts';

/** Where a server comes from: `external` is one of somebody else's, which the sandbox did not start. */
export type ServerOrigin = ImageOrigin | 'external';

/** Parameters of one kind: `hot`, `cold` or `absent`. */
export interface KindFigures {
  readonly kind: ParameterKind;
  /** Of the load, 0 to 1. */
  readonly share: number;
  readonly samples: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** One step of a path that goes to more than one place. */
export interface HopFigures {
  readonly hop: string;
  readonly samples: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** What users are promised, and whether it was kept under this load. */
export interface ObjectiveResult {
  readonly p99Ms: number;
  /** `null` with fewer than a hundred samples, or where the client was the limit: it cannot be told. */
  readonly met: boolean | null;
}

/** Recall of an approximate search, with the search width that the path itself uses. */
export interface OwnRecall {
  readonly k: number;
  readonly ef: number;
  /** Mean share of the exact answer that was found, 0 to 1. */
  readonly recall: number;
  /** Mean number of rows returned. */
  readonly returned: number;
  readonly queries: number;
}
