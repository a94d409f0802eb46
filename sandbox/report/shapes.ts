import type { BenchReport } from '../../bench/results.ts';
import type { ScenariosReport } from '../../scenarios/results.ts';
import type { Machine } from '../core/process/machine.ts';
import type { CrossStoreReport } from '../cross-store/check-across-stores.ts';
import type { StackStatus } from '../stack/attach/stack-status.ts';
import type { EngineGap } from '../stack/furnish/schema-gaps.ts';
import type { StartupStep } from '../stack/start/startup-steps.ts';

/** The report of the main job. Its version changes when a field changes its meaning or goes away. */
export interface SandboxReport {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly machine: Machine;
  readonly status: StackStatus;
  /** Empty where the stack ran already. */
  readonly startup: readonly StartupStep[];
  readonly dataset: DatasetDocument | undefined;
  readonly crossStore: CrossStoreReport | undefined;
  /** What the stores lack of their schemas, or have otherwise. */
  readonly schemaGaps: readonly EngineGap[];
  readonly scenarios: ScenariosReport;
  readonly bench: BenchReport | undefined;
}

interface DatasetDocument {
  readonly size: string;
  readonly seed: number;
  /** SHA-256, hexadecimal. */
  readonly fingerprint: string;
  readonly counts: Readonly<Record<string, number>>;
}
