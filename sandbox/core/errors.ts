import { asCalled } from './process/called-as.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Everything an error of the sandbox says beside its message. */
export interface SandboxErrorDetails {
  /** Stable code that scripts may match, for example `PORT_TAKEN`. */
  readonly code: ErrorCode;
  /** What failed and why, in one or two sentences. */
  readonly message: string;
  /** What the reader can do about it, as a command where there is one. */
  readonly next: string;
  /** Name of the engine concerned, if one is. */
  readonly engine?: string;
  /** Longer evidence: the last log lines, a difference, a server's message. */
  readonly evidence?: string;
  readonly cause?: unknown;
}

/** Codes are stable: a code is never renamed, and never used for another failure. */
export type ErrorCode = keyof typeof exitCodeOf;

/** Exit code of the command line for each error: 1 the job failed, 2 the command was used wrongly. */
export const exitCodeOf = {
  // Wrong use: refused before anything starts.
  UNKNOWN_COMMAND: 2,
  BAD_OPTION: 2,
  UNKNOWN_ENGINE: 2,
  UNKNOWN_SIZE: 2,
  UNKNOWN_TOPOLOGY: 2,
  UNKNOWN_NODE: 2,
  UNKNOWN_FAULT: 2,
  // The container engine.
  DOCKER_NOT_FOUND: 1,
  DOCKER_INSTALL_FORBIDDEN: 1,
  DOCKER_INSTALL_FAILED: 1,
  DOCKER_START_FAILED: 1,
  DOCKER_FAILED: 1,
  SSH_NOT_FOUND: 1,
  SSH_HOST_KEY_UNKNOWN: 1,
  SSH_HOST_KEY_CHANGED: 1,
  SSH_DENIED: 1,
  SSH_UNREACHABLE: 1,
  SSH_FORWARDING_REFUSED: 1,
  // Images.
  IMAGE_UNAVAILABLE: 1,
  IMAGE_BUILD_FAILED: 1,
  IMAGE_ARCHIVE_INVALID: 1,
  // The machine.
  PORT_TAKEN: 1,
  NAME_TAKEN: 1,
  OBJECT_IN_USE: 1,
  NETWORK_FULL: 1,
  NO_DISK_SPACE: 1,
  NO_MEMORY: 1,
  // Nodes and stacks.
  NODE_DIED: 1,
  NODE_NOT_READY: 1,
  FAILOVER_REFUSED: 1,
  CONNECTION_LOST: 1,
  COMMAND_FAILED: 1,
  OUTPUT_FAILED: 1,
  STACK_NOT_RUNNING: 1,
  STACK_BUSY: 1,
  TOPOLOGY_DIFFERENT: 1,
  IMAGE_DIFFERENT: 1,
  STATE_CORRUPT: 1,
  STATE_NEWER: 1,
  SECRETS_LOST: 1,
  // Schema and data.
  SCHEMA_FAILED: 1,
  SCHEMA_DIFFERENT: 1,
  SCHEMA_INCOMPLETE: 1,
  DATASET_DIFFERENT: 1,
  LOAD_FAILED: 1,
  MIGRATION_FAILED: 1,
  MIGRATION_DIFFERENT: 1,
  CROSS_STORE_DIFFERENT: 1,
  BENCH_NOT_POSSIBLE: 1,
  BENCH_SERVER_UNREACHABLE: 1,
  BENCH_SCHEMA_MISSING: 1,
  LOAD_DIFFERENT: 1,
  CONTRACT_INVALID: 1,
  QUALITY_BUSY: 1,
  // Backups: making them, and keeping them elsewhere.
  BACKUP_FAILED: 1,
  BACKUP_BUSY: 1,
  STORAGE_UNREACHABLE: 1,
  STORAGE_DENIED: 1,
  STORAGE_NOT_FOUND: 1,
  STORAGE_FULL: 1,
  // Backups that are refused before the target of a restore is touched.
  BACKUP_NOT_FOUND: 1,
  BACKUP_TRUNCATED: 1,
  BACKUP_PART_CHANGED: 1,
  BACKUP_PART_EMPTY: 1,
  BACKUP_PART_MISSING: 1,
  BACKUP_PART_FOREIGN: 1,
  BACKUP_PART_UNREADABLE: 1,
  BACKUP_LOG_MISSING: 1,
  BACKUP_MANIFEST_INVALID: 1,
  BACKUP_FORMAT_NEWER: 1,
  BACKUP_VERSION_FOREIGN: 1,
  BACKUP_PATH_UNSAFE: 1,
  BACKUP_LINK: 1,
  BACKUP_TOO_LARGE: 1,
  // Targets that a restore cannot use, and restores.
  RESTORE_NOT_CONFIRMED: 2,
  RESTORE_RIGHTS_NOT_CONFIRMED: 2,
  ARCHIVE_FOREIGN: 2,
  MOMENT_OUT_OF_RANGE: 2,
  RESTORE_TARGET_NOT_EMPTY: 1,
  RESTORE_TARGET_FULL: 1,
  RESTORE_WOULD_LOSE: 1,
  RESTORE_PASSWORD_WRONG: 1,
  RESTORE_NO_RIGHTS: 1,
  RESTORE_FAILED: 1,
  // Files of the dataset.
  EXPORT_TARGET_NOT_EMPTY: 1,
  EXPORT_FAILED: 1,
  IMPORT_REJECTED: 1,
  IMPORT_CHANGED: 1,
  // Stores of a test's own.
  LEASE_TIMEOUT: 1,
  LEASE_DEADLOCK: 1,
  LEASE_NOT_FOUND: 1,
  LEASE_IN_USE: 1,
  LEASE_LOST: 1,
  GIVEN_REFUSED: 1,
  ISOLATION_BROKEN: 1,
  BROKER_FAILED: 1,
  BROKER_BUSY: 1,
  // Suites and benchmarks.
  HISTORY_INVALID: 1,
  BENCH_NOT_FOUND: 1,
  BENCH_INVALID: 1,
  NOT_SUPPORTED: 1,
  INTERRUPTED: 1,
  INTERNAL: 1,
} as const satisfies Record<string, 1 | 2>;

/** The only error class of the sandbox: what failed, why, and what to do next, with a stable code. */
export class SandboxError extends Error {
  /** Stable; docs/errors.md has all of them. */
  readonly code: ErrorCode;
  /** What the reader can do about it. */
  readonly next: string;
  /** Name of the engine concerned, if one is. */
  readonly engine: string | undefined;
  /** The last log lines, a difference, or a server's message. */
  readonly evidence: string | undefined;

  constructor(details: SandboxErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SandboxError';
    this.code = details.code;
    this.next = asCalled(details.next);
    this.engine = details.engine;
    this.evidence = details.evidence;
    // Most runners of tests, and Node.js where nobody catches it, show the stack: what to do is to be seen there too.
    const said = [this.message, ...adviceOf(this)].join('\n');
    this.stack = (this.stack ?? '').replace(this.message, () => said);
  }
}

/** What {@link adviceOf} reads of an error, or of a copy of one. */
export type Advice = Pick<SandboxError, 'code' | 'next' | 'evidence'>;

/** What an error says beside its message, a line each, as somebody reads it who is shown the message alone. */
export function adviceOf({ code, next, evidence }: Advice): readonly string[] {
  const lines = evidence === undefined || evidence === '' ? [] : evidence.split('\n');
  return [`  code: ${code}`, `  next: ${next}`, ...lines.map((line) => `    ${line}`)];
}

/** The same error, whose next step says this too. What is no {@link SandboxError} stays what it is. */
export function alsoSaying(thrown: unknown, further: string): unknown {
  if (!(thrown instanceof SandboxError) || further === '') return thrown;
  const { code, message, next, engine, evidence, cause } = thrown;
  return new SandboxError({
    code,
    message,
    next: `${next} ${further}`,
    ...withoutUndefined({ engine, evidence, cause }),
  });
}

/** Message of anything that was thrown, without its stack. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') {
    return thrown.errors.map(messageOf).join('; ');
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}
