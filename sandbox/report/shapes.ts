import type { ImageOrigin } from '../containers/image-spec.ts';

/**
 * Shapes that scripts read: the JSON documents of the commands. Each carries a version that changes when a field
 * changes its meaning or goes away; a new field does not change it.
 */
export type Verdict = 'pass' | 'fail' | 'unknown' | 'not-run';

/** `status --format json`. */
export interface StatusDocument {
  readonly version: number;
  readonly stack: string;
  readonly state: string;
  readonly engines: readonly EngineStatusDocument[];
}

export interface EngineStatusDocument {
  readonly engine: string;
  readonly topology: string;
  readonly state: string;
  readonly origin?: ImageOrigin | undefined;
  readonly image?: string | undefined;
  readonly imageDigest?: string | undefined;
  readonly serverVersion?: string | undefined;
  /** From the start of its container to its first answer. */
  readonly readyMs?: number | undefined;
  readonly nodes: readonly NodeStatusDocument[];
  /** Connection string; the password is left out. */
  readonly uri?: string | undefined;
}

export interface NodeStatusDocument {
  readonly name: string;
  readonly role: string;
  readonly container: string;
  readonly host: string;
  readonly port: number;
  readonly state?: string | undefined;
}

/** One step of a start: when it began, when it was ready, and which steps it waited for. */
export interface StartupStepDocument {
  readonly name: string;
  readonly startedMs: number;
  readonly readyMs: number;
  readonly waitedFor: readonly string[];
}

/** One case of a suite on one engine. */
export interface ScenarioResultDocument {
  readonly suite: string;
  readonly engine: string;
  readonly topology: string;
  readonly origin?: ImageOrigin | undefined;
  readonly case: string;
  readonly verdict: Verdict;
  readonly reason?: string | undefined;
  readonly durationMs: number;
  readonly measures?: Readonly<Record<string, unknown>> | undefined;
}

/** `scenarios --format json`. */
export interface ScenariosDocument {
  readonly version: number;
  readonly seed: number;
  readonly results: readonly ScenarioResultDocument[];
  readonly summary: VerdictSummary;
}

export interface VerdictSummary {
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
  readonly notRun: number;
}

/** One query path in one mode of load. */
export interface BenchPathDocument {
  readonly engine: string;
  readonly path: string;
  readonly mode: string;
  readonly origin?: ImageOrigin | undefined;
  readonly clients: number;
  readonly offeredPerS?: number | null | undefined;
  readonly achievedPerS: number;
  readonly samples: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly plan?: CheckDocument | undefined;
  readonly answer?: CheckDocument | undefined;
  readonly reference?: unknown;
}

export interface CheckDocument {
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
}

/** `bench --format json`. */
export interface BenchDocument {
  readonly version: number;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly paths: readonly BenchPathDocument[];
}

/** Whether the stores agree, and the first differences where they do not. */
export interface CrossStoreDocument {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly compared: number; readonly ok: boolean }[];
  readonly differences: readonly string[];
}

/** The report of the main job. */
export interface SandboxReport {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly machine: MachineDocument;
  readonly status: StatusDocument;
  readonly startup: readonly StartupStepDocument[];
  readonly dataset?: DatasetDocument | undefined;
  readonly crossStore?: CrossStoreDocument | undefined;
  readonly scenarios?: ScenariosDocument | undefined;
  readonly bench?: BenchDocument | undefined;
}

export interface MachineDocument {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
}

export interface DatasetDocument {
  readonly size: string;
  readonly seed: number;
  /** SHA-256, hexadecimal. */
  readonly fingerprint: string;
  readonly counts: Readonly<Record<string, number>>;
}
