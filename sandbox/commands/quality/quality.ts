import { resolve } from 'node:path';
import { SandboxError } from '../../core/errors.ts';
import { requireWritable, writePrivateFile } from '../../core/files/private-files.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { writeContracts } from '../../quality/contracts/write-contracts.ts';
import { explainCheck } from '../../quality/explain-check.ts';
import { qualityHistory } from '../../quality/history/history.ts';
import { hasFailed } from '../../quality/run/report.ts';
import { runRecorded } from '../../quality/run-recorded.ts';
import { qualityTarget, storesOf } from '../../quality/target.ts';
import { formatExplained } from '../../report/quality/explained-text.ts';
import { formatHistory } from '../../report/quality/history-text.ts';
import { formatQualityPage } from '../../report/quality/quality-page.ts';
import { formatQuality } from '../../report/quality/quality-text.ts';
import { badOption, parseChoice, parseWholeNumber } from '../options/names.ts';
import type { Action } from '../run-action.ts';
import { qualityOptionsOf } from './quality-options.ts';

const actions = { run, watch, history, explain, init } as const satisfies Record<string, Action>;

/** Holds stores against contracts: `run`, `watch`, `history`, `explain` and `init`. */
export const quality: Action = async (context) => {
  const [what = ''] = context.arguments;
  return actions[parseChoice(what, Object.keys(actions) as (keyof typeof actions)[], 'quality')](context);
};

async function run(context: Parameters<Action>[0]): ReturnType<Action> {
  const options = await qualityOptionsOf(context, context.arguments.slice(1));
  const page = pageOf(context);
  if (page !== undefined) await requireWritable(page);
  const report = await runRecorded(options);
  if (page !== undefined) {
    await writePrivateFile(page, formatQualityPage(await qualityHistory({ ...options, names: [] }), report));
  }
  return {
    document: report,
    text: (colors) => formatQuality(report, colors),
    exitCode: hasFailed(report.summary) ? 1 : 0,
  };
}

async function watch(context: Parameters<Action>[0]): ReturnType<Action> {
  return (await import('./quality-watch.ts')).qualityWatch(context);
}

/** What earlier runs have found, without asking a store. */
async function history(context: Parameters<Action>[0]): ReturnType<Action> {
  const { runs } = context.flags;
  const options = await qualityOptionsOf(context, context.arguments.slice(1));
  const counted = runs === undefined ? undefined : parseWholeNumber(runs, 1, '--runs');
  const found = await qualityHistory({ ...options, ...withoutUndefined({ runs: counted }) });
  const page = pageOf(context);
  if (page !== undefined) await writePrivateFile(page, formatQualityPage(found));
  const isNamed = (options.names ?? []).length > 0;
  return { document: found, text: (colors) => formatHistory(found, isNamed, colors) };
}

/** File of `--html`. Throws `BAD_OPTION`. */
function pageOf({ flags: { html }, settings }: Parameters<Action>[0]): string | undefined {
  if (html === undefined) return undefined;
  if (typeof html !== 'string' || html.trim() === '') throw badOption('--html names no file.', 'Name one.');
  return resolve(settings.directory, html);
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
  const { engines, running, gone } = await storesOf(await qualityOptionsOf(context, []));
  const missing = engines.find(({ name }) => gone?.has(name));
  if (missing !== undefined) throw engineGone(missing);
  const stores = engines.flatMap((engine) => {
    const reached = running.get(engine.name);
    return reached === undefined ? [] : [{ engine, running: reached }];
  });
  const written = await writeContracts(folder, stores);
  return { document: { version: 1, written }, text: () => `${written.join('\n')}\n` };
}

/** A folder of contracts without those of an engine would look whole. */
function engineGone({ name, title }: Engine): SandboxError {
  return new SandboxError({
    code: 'STACK_NOT_RUNNING',
    engine: name,
    message: `The containers of ${title} are gone, and nothing can be said of what it holds.`,
    next: 'Start it again: `npm run sandbox -- up`; or name the others: --engines.',
  });
}
