import { measureQuality } from '../../../bench/quality/measure-quality.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { qualityTarget } from '../../quality/target.ts';
import { formatQualityBench } from '../../report/bench/quality-bench-text.ts';
import { parseWholeNumber } from '../options/names.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { ActionContext, Outcome } from '../run-action.ts';

/** Measures the checks of the platform's contracts on the stack that runs, beside their bare questions. */
export async function benchQuality(context: ActionContext): Promise<Outcome> {
  const { flags, progress, signal } = context;
  const rounds = flags.rounds === undefined ? undefined : parseWholeNumber(flags.rounds, 1, '--rounds');
  const target = await qualityTarget({ ...identityOf(context), ...chosenEngines(context) });
  const { dataset } = target;
  const report = await measureQuality(target, { dataset, progress, signal, ...withoutUndefined({ rounds }) });
  const isMissed = flags.objectives === true && report.ratio > report.wantedRatio;
  return {
    document: report,
    text: (colors) => formatQualityBench(report, colors),
    exitCode: report.unknown.length > 0 || isMissed ? 1 : 0,
  };
}
