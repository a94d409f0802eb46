import type { RunningEngine } from '../topology.ts';

/** A file of a service's own schema, or its seed. */
export interface MigrationFile {
  /** Without folder: what it is known by once it was applied. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** As its user knows it: `db/migrations/001_users.sql`. */
  readonly shown: string;
  readonly text: string;
  /** SHA-256 of the text, whose lines end in one way. */
  readonly hash: string;
}

/** How an engine takes files of a service's own schema: as who owns everything. */
export interface MigrationFiles {
  /** Endings of those that it takes, with the dot. */
  readonly endings: readonly string[];
  /** Makes what they and a command go on to make usable by the application's login. Default: it is without doing anything. */
  readonly prepare?: (running: RunningEngine) => Promise<void>;
  /** Throws `MIGRATION_FAILED` with the file, the line where there is one, and the server's message. */
  readonly run: (running: RunningEngine, file: MigrationFile) => Promise<void>;
}
