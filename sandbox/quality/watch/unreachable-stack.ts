import { nowMs } from '../../core/clock.ts';
import { type ErrorCode, SandboxError } from '../../core/errors.ts';
import { defaultEngines, type EngineName } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { enginesMeant, readState } from '../../stack/state/stack-state.ts';
import { checksOf } from '../contracts/checks.ts';
import type { Check } from '../contracts/contract.ts';
import { platformContracts, readContracts } from '../contracts/read-contracts.ts';
import { chooseChecks } from '../run/choose-checks.ts';
import { type CheckResult, type QualityReport, summaryOf } from '../run/report.ts';
import { requireQuestions } from '../run/require-questions.ts';
import { unasked } from '../run/run-check.ts';
import type { QualityOptions } from '../target.ts';

/** Nobody can be asked, and that may end by itself. */
const unreachable: readonly ErrorCode[] = ['STACK_NOT_RUNNING', 'DOCKER_NOT_FOUND', 'SSH_UNREACHABLE'];

/** Why no store of a stack can be asked now; `undefined` for what is wrong otherwise. */
export function whyUnreachable(thrown: unknown): string | undefined {
  return thrown instanceof SandboxError && unreachable.includes(thrown.code) ? thrown.message : undefined;
}

/**
 * Checks that are meant, whether the stack is there or not: those of the engines that are to run, or that it had, or would have. Throws
 * `BAD_OPTION`, `CONTRACT_INVALID`.
 */
export async function checksMeant(options: QualityOptions): Promise<readonly Check[]> {
  const { contracts = platformContracts, servers = [] } = options;
  const names = servers.length > 0 ? servers.map(({ engine }) => engine.name) : await enginesOf(options);
  const [read, engines] = await Promise.all([readContracts(contracts, names), loadEngines(names)]);
  const all = checksOf(read, engines);
  requireQuestions(all, engines);
  return chooseChecks(all, options);
}

async function enginesOf(options: QualityOptions): Promise<readonly EngineName[]> {
  if (options.engines !== undefined) return options.engines;
  const { directory, name } = stackIdentity(options);
  const state = await readState(directory, name).catch(() => undefined);
  // Of one that was taken down, all that it had: which of them come back nobody knows.
  const meant = state === undefined ? [] : enginesMeant(state);
  return meant.length > 0 ? meant : defaultEngines;
}

/** What is known of a stack that cannot be reached: nothing. */
export async function unreachableReport(options: QualityOptions, reason: string): Promise<QualityReport> {
  const checks = await checksMeant(options);
  const results = checks.map((check): CheckResult => ({ ...unasked(check), verdict: 'unknown', reason }));
  const startedAt = new Date(nowMs()).toISOString();
  return { version: 1, startedAt, durationMs: 0, seededAt: null, readers: {}, results, summary: summaryOf(results) };
}
