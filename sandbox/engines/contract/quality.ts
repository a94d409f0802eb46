import type { SchemaObject } from './schema/schema-gap.ts';
import type { ReachableEngine, RunningEngine } from './topology.ts';

/** Rules that the Open Data Contract Standard 3.1 has in its library, by its own names for them. */
export const qualityMetrics = ['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount'] as const;

export type QualityMetric = (typeof qualityMetrics)[number];

/** Where a store keeps the rows, documents, nodes, keys or points of a contract. */
export interface QualityPlace {
  /** Where one server has several. */
  readonly database?: string;
  /** The store's own name: a table, a collection, a label, a relationship type, the beginning of keys. */
  readonly name: string;
  /** What one of them is told from others by: a column, a property. Default: what the store itself tells them by. */
  readonly key?: string;
}

/** Values that a query names: `${now}`. */
export type QualityParameters = Readonly<Record<string, Date | number | string | readonly string[]>>;

/** A rule of the standard's library. */
export interface QualityRule {
  readonly metric: QualityMetric;
  /** Fields that it is about; none with `rowCount`. */
  readonly fields: readonly string[];
  /** `validValues`, `pattern`, `missingValues`, as the standard has them. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What is asked of a store: a rule of the library, or the text of a query file. */
export interface QualityQuestion {
  readonly place: QualityPlace;
  readonly ask: { readonly rule: QualityRule } | { readonly query: string };
  readonly parameters: QualityParameters;
  /** Ids that are known and no violation. */
  readonly accepted: readonly string[];
}

/** Whether what is there is to be counted: no rows are violations, and none are named. */
export function asksForCount({ ask }: QualityQuestion): boolean {
  return 'rule' in ask && ask.rule.metric === 'rowCount';
}

export interface QualityLimits {
  /** The store itself gives up after this. */
  readonly timeoutMs: number;
  /** Ids that are returned at most. */
  readonly idsMax: number;
  /** Whether the store's own count of its rows will do, which costs nothing and may be off after a crash. Default: it is not. */
  readonly mayEstimate?: boolean;
}

/** What a check has found. */
export interface QualityAnswer {
  /** Violations; with `rowCount` the rows that there are. */
  readonly count: number;
  /** The first of them, in the store's own order of ids. */
  readonly ids: readonly string[];
  /** What else is to be known of it, as a sentence: what could not be measured, and why. */
  readonly note?: string;
}

/** Values of fields as texts, and how many have them. */
export interface Combination {
  readonly values: readonly (string | null)[];
  readonly count: number;
}

/** Combinations that a distribution has at most: more are no kinds of things but things. */
export const combinationsMax = 10_000;

/** Throws where there are more than {@link combinationsMax}. */
export function requireFewCombinations<Value>(found: readonly Value[]): readonly Value[] {
  if (found.length <= combinationsMax) return found;
  throw new Error(`there are more than ${combinationsMax} combinations of values: that is no distribution`);
}

/** Throws once this moment of `performance.now()` is over: a scan looks at it between two pages. */
export function requireInTime(deadlineAtMs: number): void {
  if (performance.now() > deadlineAtMs) throw new Error('the deadline of the check has passed');
}

/** A store answers, and has no such place: that is known, and no silence. */
export class NoSuchPlace extends Error {}

/** A connection that reads and cannot write, on a follower where there is one. */
export interface QualitySession extends AsyncDisposable {
  /** As whom it reads, and from which node, for people. */
  readonly reader: string;
  /** Database of a place that names none. Absent where the store has no databases. */
  readonly ownDatabase?: string;
  /** Questions that look at data and are asked side by side: more would only share the store's processors. Default: 2. */
  readonly scansAtOnce?: number;
  readonly answer: (question: QualityQuestion, limits: QualityLimits) => Promise<QualityAnswer>;
  /**
   * How many there are of each combination of the values of fields, in no order; an absent value is null. Throws where
   * there are more than {@link combinationsMax}. Absent where the store has no fields.
   */
  readonly distribution?: (
    place: QualityPlace,
    fields: readonly string[],
    limits: QualityLimits,
  ) => Promise<readonly Combination[]>;
  /** Places that the store has, without those that are the sandbox's own. */
  readonly places: (limits: QualityLimits) => Promise<readonly QualityPlace[]>;
  /** What its catalogue says of a place: fields, indexes, constraints, validators. Throws {@link NoSuchPlace}. */
  readonly catalogue: (place: QualityPlace, limits: QualityLimits) => Promise<readonly SchemaObject[]>;
}

/** What a check costs the store: the same whatever it holds, the rows that an index leads to, or everything. */
export const costClasses = ['constant', 'indexed', 'scan'] as const;

export type CostClass = (typeof costClasses)[number];

/** What breaks the platform's contracts, made for the drill of an alert. */
export interface QualityDefect {
  /** The check that finds it, and finds nothing in a store without data. It is an error. */
  readonly check: string;
  /** What is there then, for people. */
  readonly cause: string;
  /** Puts it into a store with the platform's schema. Returns what takes it away again. */
  readonly plant: (running: RunningEngine) => Promise<() => Promise<void>>;
}

/** Capability of an engine whose data is held against contracts. */
export interface Quality {
  /** How names of its query files end: `.sql`. */
  readonly queryExtension: string;
  /** Rules of the library that it can be asked. */
  readonly metrics: readonly QualityMetric[];
  /**
   * Whether its catalogue says which fields there are, or they are seen in what it holds: then one that is missing is a
   * gap only where the contract requires it, and something is there.
   */
  readonly fields: 'declared' | 'observed';
  /** What it costs to read the catalogue of a place, and to list all places: where they are observed, everything is looked at. */
  readonly costs: { readonly catalogue: CostClass; readonly places: CostClass };
  /** What several ways to write the name of a place have in common. Default: a name is written in one way. */
  readonly sameName?: (name: string) => string;
  /** The statement that a question becomes, for `explain`. */
  readonly statement: (question: QualityQuestion) => string;
  /** Connects. Throws where the store does not answer. */
  readonly open: (running: ReachableEngine) => Promise<QualitySession>;
  /** Absent: no drill makes a violation in this store. */
  readonly defect?: QualityDefect;
}
