import type { Dataset } from '../../../seeds/dataset.ts';
import type { ImageOrigin } from '../../containers/images/image-spec.ts';
import type { MigrationFiles } from './schema/migrations.ts';
import type { RunningEngine } from './topology.ts';

/** Capability of an engine that is told what it holds before there is data: tables, validators, users, collections. */
export interface Schema {
  /**
   * Applies the schema. Applying it again changes nothing. With `reset`, what it lacks by now, and what is different, is made
   * again, and what a service has added stays.
   * Throws `SCHEMA_DIFFERENT` with the difference where another schema is there and `reset` is false,
   * and `SCHEMA_FAILED` with file, line and the server's message.
   */
  readonly apply: (running: RunningEngine, options: SchemaOptions) => Promise<SchemaReport>;
  /** Makes the store ready for a service's own schema in place of the platform's. Default: it is without doing anything. */
  readonly applyNone?: (running: RunningEngine) => Promise<void>;
  /** Removes all that a schema, a load or a service has made in the platform's databases; places of tests stay. */
  readonly clear: (running: RunningEngine) => Promise<void>;
  /** Files of a service's own schema. */
  readonly migrations: MigrationFiles;
  /** What the schema promises, each asked of the engine itself. */
  readonly contract: readonly ContractCase[];
  /**
   * Variables of a login that owns what is there, for migrations, beside those of `environment`: their names have
   * `MIGRATION` in them. Where the application's login owns it already, they are that one's.
   */
  readonly migrationEnvironment: (
    running: Pick<RunningEngine, 'nodes' | 'secrets' | 'topology' | 'image'>,
  ) => Readonly<Record<string, string>>;
}

export interface SchemaOptions {
  /** Replaces another schema that is there, with its data. */
  readonly reset: boolean;
  /**
   * Leaves a schema that was applied before as it is, whatever it lacks by now: its gaps are told instead. Default: what
   * is missing and can be made without touching data is made, as after a start that was killed.
   */
  readonly keep?: boolean;
  /** Folder of the schema's files. Default: the platform's own. */
  readonly directory?: string;
}

export interface SchemaReport {
  /** Names of the objects or files that were applied now. Empty when everything was already there. */
  readonly applied: readonly string[];
  readonly alreadyPresent: number;
}

/** One promise of an engine's schema. It fails by throwing an `AssertionError`; any other error means `unknown`. */
export interface ContractCase {
  readonly name: string;
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  /** May write; leaves the data as it found it. */
  readonly run: (running: RunningEngine, dataset: Dataset) => Promise<void>;
}
