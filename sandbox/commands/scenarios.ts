import { runSuites, type SuiteName } from '../../scenarios/run-suites.ts';
import { formatScenarios, hasFailed } from '../report/scenarios-text.ts';
import { badOption, parseWholeNumber } from './options/names.ts';
import type { Action, ActionContext } from './run-action.ts';

/** Runs suites, each on a throw-away topology of its own. */
export const scenarios: Action = async (context) => {
  const report = await runSuites(suitesOptionsOf(context));
  return {
    document: report,
    text: (colors) => formatScenarios(report, colors),
    exitCode: hasFailed(report.summary) ? 1 : 0,
  };
};

/** Suites as the command line asks for them; an unknown one is refused by the runner. */
export function suitesOptionsOf(context: ActionContext): Parameters<typeof runSuites>[0] {
  const { engines, size, images, dockerInstall } = context.settings;
  if (size === 'none') throw badOption('--size: suites need data.', 'Use small, medium or large.');
  const { seed, timeScale } = context.flags;
  if (timeScale !== undefined && context.arguments.length > 0 && !context.arguments.includes('alerts'))
    throw badOption('--time-scale is for the suite alerts alone.', 'Leave it out, or name that suite too.');
  return {
    suites: context.arguments as readonly SuiteName[],
    depth: context.flags.quick === true ? 'quick' : 'full',
    engines,
    size,
    images,
    dockerInstall,
    progress: context.progress,
    signal: context.signal,
    ...(timeScale === undefined ? {} : { timeScale: parseWholeNumber(timeScale, 1, '--time-scale') }),
    ...(seed === undefined ? {} : { seed: parseWholeNumber(seed, 0, '--seed') }),
  };
}
