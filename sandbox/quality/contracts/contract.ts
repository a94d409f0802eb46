import type { CostClass, QualityPlace, QualityRule } from '../../engines/contract/quality.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import type { Threshold } from './threshold.ts';

export type Severity = 'error' | 'warning';

/** A field of an entity as its contract has it. */
export interface DeclaredField {
  readonly name: string;
  /** In the words of the store's catalogue. */
  readonly physicalType?: string;
  readonly required: boolean;
  /** `public`, `internal`, `personal`, `sensitive` or `secret`. */
  readonly classification?: string;
}

/** An index, constraint or validator as its contract has it. */
export interface DeclaredObject {
  readonly kind: string;
  readonly name: string;
  readonly definition: string;
  /** Origin of an image that has none: `compatible`. Default: all have it. */
  readonly notOn?: string;
}

/** An id that is known and no violation. */
export interface Accepted {
  readonly id: string;
  readonly reason: string;
}

/** A question with its limits. */
export interface Check {
  /** `postgresql.users.email-duplicates`. */
  readonly id: string;
  readonly contract: Contract;
  readonly description: string;
  readonly severity: Severity;
  readonly cost: CostClass;
  readonly deadlineMs: number;
  readonly threshold: Threshold;
  readonly accepted: readonly Accepted[];
  /** `catalogue`: the contract is held against the store's own catalogue. */
  readonly ask:
    | { readonly rule: QualityRule }
    | { readonly query: string; readonly file: string }
    | 'catalogue'
    /** How far these fields are distributed otherwise than they were in the last run. */
    | { readonly drift: readonly string[] }
    /** Every place of the store is one of these. */
    | { readonly places: readonly QualityPlace[] };
}

/** What a store promises of one entity. */
export interface Contract {
  readonly engine: EngineName;
  /** Name of the entity: `users`. */
  readonly entity: string;
  readonly id: string;
  /** Path of its file. */
  readonly file: string;
  readonly owner?: string;
  readonly place: QualityPlace;
  readonly fields: readonly DeclaredField[];
  readonly objects: readonly DeclaredObject[];
  /** Days after which something is to be gone. */
  readonly retentionDays?: number;
  /** Days within which something new is to come. */
  readonly freshnessDays?: number;
  /** Names of places of its store that have no contract, and need none. */
  readonly acceptedPlaces: readonly Accepted[];
  /** Those that it asks for; every contract has `catalogue` besides. */
  readonly checks: readonly Check[];
}
