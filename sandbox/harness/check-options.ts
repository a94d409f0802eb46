import { SandboxError } from '../core/errors.ts';
import { type EngineName, engineNames } from '../engines/engine-names.ts';
import type { LeaseSettings } from './lease-settings.ts';

/** Options of a lease, as anybody may have given them. */
interface AskedLease {
  readonly engines?: unknown;
  readonly faults?: unknown;
  readonly label?: unknown;
  readonly waitMs?: unknown;
}

/** What a timer of Node.js takes at most, in milliseconds; beyond, it would be 1 (Node.js documentation, `setTimeout`). */
const durationMsMax = 2_147_483_647;

/** As many leases as a broker keeps at most. */
const keptMax = 1_000;

/** Throws `BAD_OPTION`, and `UNKNOWN_ENGINE` for an engine of `maximum` that is none. */
export function checkSettings(options: LeaseSettings & { readonly maximum?: object }): void {
  checkNumber('waitMs', options.waitMs, durationMsMax);
  checkWhole('keepFailed', options.keepFailed, keptMax);
  checkNumber('keepFailedForMs', options.keepFailedForMs, durationMsMax);
  checkInsight(options.insight);
  checkEngines('maximum', Object.keys(options.maximum ?? {}));
  checkChoice(options.isolation);
  for (const [name, most] of Object.entries(options.maximum ?? {})) {
    checkWhole(`maximum.${name}`, most, Number.MAX_SAFE_INTEGER, 1);
  }
}

/** Which modes an engine has is known where it is loaded (`isolation-choice.ts`). */
function checkChoice(choice: unknown): void {
  if (choice === undefined) return;
  if (typeof choice !== 'object' || choice === null || Array.isArray(choice)) {
    throw bad('isolation', choice, "a mode for each engine: { redis: 'server' }");
  }
  checkEngines('isolation', Object.keys(choice));
}

function checkInsight(insight: unknown): void {
  if (insight === undefined || typeof insight === 'boolean') return;
  if (typeof insight !== 'object' || insight === null) throw bad('insight', insight, 'true, false or bounds');
  const { slowMs, repeats } = insight as { readonly slowMs?: unknown; readonly repeats?: unknown };
  checkNumber('insight.slowMs', slowMs, durationMsMax);
  checkWhole('insight.repeats', repeats, durationMsMax, 1);
}

/** Throws `BAD_OPTION`, and `UNKNOWN_ENGINE` for one that is none. */
export function checkLeaseOptions({ engines, faults, label, waitMs }: AskedLease): void {
  if (engines !== undefined) checkEngines('engines', engines);
  if (faults !== undefined && faults !== true) checkEngines('faults', faults);
  if (label !== undefined && typeof label !== 'string') throw bad('label', label, 'a text');
  checkNumber('waitMs', waitMs, durationMsMax);
}

/** Throws `BAD_OPTION` for what is no list of engines, `UNKNOWN_ENGINE` for one that is none. */
export function checkEngines(option: string, names: unknown): asserts names is readonly EngineName[] {
  if (!Array.isArray(names)) throw bad(option, names, "a list of engines: ['redis']");
  const unknown = names.find((name) => !engineNames.includes(name));
  if (unknown !== undefined) {
    throw new SandboxError({
      code: 'UNKNOWN_ENGINE',
      message: `${option}: there is no engine \`${String(unknown)}\`.`,
      next: `Use one of: ${engineNames.join(', ')}.`,
    });
  }
  if (new Set(names).size < names.length) throw bad(option, names, 'a list that names each engine once');
}

function checkNumber(option: string, value: unknown, most: number, least = 0): void {
  if (value === undefined) return;
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw bad(option, value, `a number from ${least} to ${most}`);
}

function checkWhole(option: string, value: unknown, most: number, least = 0): void {
  if (value !== undefined && !Number.isSafeInteger(value)) throw bad(option, value, 'a whole number');
  checkNumber(option, value, most, least);
}

function bad(option: string, value: unknown, wanted: string): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `${option} is ${JSON.stringify(value) ?? String(value)}, and has to be ${wanted}.`,
    next: 'Mend it, or leave it out.',
  });
}
