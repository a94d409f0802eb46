import { resolve } from 'node:path';
import { writeContracts } from '../../quality/contracts/write-contracts.ts';
import { explainCheck } from '../../quality/explain-check.ts';
import { hasFailed } from '../../quality/run/report.ts';
import { runChecks } from '../../quality/run/run-checks.ts';
import { qualityTarget, storesOf } from '../../quality/target.ts';
import { formatExplained } from '../../report/quality/explained-text.ts';
import { formatQuality } from '../../report/quality/quality-text.ts';
import { badOption, parseChoice } from '../options/names.ts';
import type { Action } from '../run-action.ts';
import { qualityOptionsOf } from './quality-options.ts';

const actions = { run, explain, init } as const satisfies Record<string, Action>;

/** Holds stores against contracts: `run`, `explain` and `init`. */
export const quality: Action = async (context) => {
  const [what = ''] = context.arguments;
  return actions[parseChoice(what, Object.keys(actions) as (keyof typeof actions)[], 'quality')](context);
};

async function run(context: Parameters<Action>[0]): ReturnType<Action> {
  const target = await qualityTarget(await qualityOptionsOf(context, context.arguments.slice(1)));
  const report = await runChecks(target);
  return {
    document: report,
    text: (colors) => formatQuality(report, colors),
    exitCode: hasFailed(report.summary) ? 1 : 0,
  };
}

/** Everything about checks, without asking a store. */
async function explain(context: Parameters<Action>[0]): ReturnType<Action> {
  const target = await qualityTarget(await qualityOptionsOf(context, context.arguments.slice(1)));
  const explained = target.checks.map((check) => explainCheck(check, target));
  return { document: { version: 1, checks: explained }, text: (colors) => formatExplained(explained, colors) };
}

/** Makes contracts of what is there. */
async function init(context: Parameters<Action>[0]): ReturnType<Action> {
  const [, more] = context.arguments;
  if (more !== undefined) throw badOption(`quality init: \`${more}\` is one word too many.`, 'Leave it out.');
  const { flags, settings } = context;
  if (typeof flags.contracts !== 'string' || flags.contracts.trim() === '') {
    throw badOption('quality init: --contracts names no folder.', 'Name one: --contracts ./contracts.');
  }
  const folder = resolve(settings.directory, flags.contracts);
  const { engines, running } = await storesOf(await qualityOptionsOf(context, []));
  const stores = engines.flatMap((engine) => {
    const reached = running.get(engine.name);
    return reached === undefined ? [] : [{ engine, running: reached }];
  });
  const written = await writeContracts(folder, stores);
  return { document: { version: 1, written }, text: () => `${written.join('\n')}\n` };
}
