import {
  badValue,
  checkFlag,
  checkOptionsOf,
  checkValues,
  durationMsMax,
  numberCheck,
  type OptionChecks,
  wholeNumberCheck,
} from '../core/option-checks.ts';
import { byEngineCheck, checkEngines } from '../engines/check-engine-names.ts';
import { stackOptionChecks } from '../stack/check-stack-options.ts';
import type { InsightOptions } from './insight/findings.ts';
import type { LeaseSettings } from './lease-settings.ts';

/** As many leases as a broker keeps at most. */
const keptMax = 1_000;

const checkDuration = numberCheck(0, durationMsMax);

/** What each setting of leases takes. Which modes an engine has is known where it is loaded (`isolation-choice.ts`). */
const settingChecks: OptionChecks<LeaseSettings & { readonly maximum?: object }> = {
  waitMs: checkDuration,
  keepFailed: wholeNumberCheck(0, keptMax),
  keepFailedForMs: checkDuration,
  verify: checkFlag,
  insight: checkInsight,
  isolation: byEngineCheck(() => {}),
  maximum: byEngineCheck(wholeNumberCheck(1)),
};

const { engines, topologies, size, migrations, directory, name, images, dockerInstall, progress, signal } =
  stackOptionChecks;

/** What each option of a harness takes. */
export const harnessChecks = {
  ...settingChecks,
  ...{ engines, topologies, size, migrations, directory, name, images, dockerInstall, progress, signal },
};

/** What each option of a lease takes. */
export const leaseChecks = {
  engines: checkEngines,
  faults: (option: string, value: unknown) => {
    if (value !== true) checkEngines(option, value);
  },
  label: (option: string, value: unknown) => {
    if (typeof value !== 'string') throw badValue(option, value, 'a text');
  },
  waitMs: checkDuration,
};

const insightChecks: OptionChecks<InsightOptions> = {
  slowMs: checkDuration,
  repeats: wholeNumberCheck(1, durationMsMax),
};

/** Throws `BAD_OPTION`, and `UNKNOWN_ENGINE` for an engine of `maximum` or `isolation` that is none. */
export function checkSettings(options: LeaseSettings & { readonly maximum?: object }): void {
  checkValues(options, settingChecks);
}

function checkInsight(option: string, insight: unknown): void {
  if (typeof insight === 'boolean') return;
  checkOptionsOf(option, insight, insightChecks);
}
