import { checkArchive, type KeptOptions, listArchives, pruneArchives } from '../../backup/kept/kept-archives.ts';
import { formatCheckedArchive, formatKeptArchives, formatPruned } from '../../report/stack/kept-archives-text.ts';
import { badOption, parseWholeNumber } from '../options/names.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action, ActionContext } from '../run-action.ts';

/** `backup list`: what archives there are. */
export const backupList: Action = async (context) => {
  refuseMore(context, 1);
  const kept = await listArchives(keptOptionsOf(context));
  return { document: kept, text: (colors) => formatKeptArchives(kept, colors) };
};

/** `backup show FILE` and `backup verify FILE`: reads one to its end, and says what is in it. */
export const backupShow: Action = async (context) => {
  refuseMore(context, 2);
  const [what, archive] = context.arguments;
  if (archive === undefined)
    throw badOption(`backup ${what}: of which archive?`, '`npm run sandbox -- backup list` names them.');
  const checked = await checkArchive(archive, keptOptionsOf(context));
  return { document: checked, text: (colors) => formatCheckedArchive(checked, colors) };
};

/** `backup prune`: removes those that are too old. */
export const backupPrune: Action = async (context) => {
  refuseMore(context, 1);
  const { retention } = context.flags;
  const days = retention === undefined ? {} : { retentionDays: parseWholeNumber(retention, 1, '--retention') };
  const pruned = await pruneArchives({ ...keptOptionsOf(context), ...days });
  return { document: pruned, text: () => formatPruned(pruned) };
};

function refuseMore({ arguments: [what, ...words] }: ActionContext, taken: number): void {
  const more = words[taken - 1];
  if (more !== undefined) throw badOption(`backup ${what}: \`${more}\` is one word too many.`, 'Leave it out.');
}

function keptOptionsOf(context: ActionContext): KeptOptions {
  const { to } = context.flags;
  return {
    ...identityOf(context),
    ...(typeof to === 'string' ? { to } : {}),
    progress: context.progress,
    signal: context.signal,
  };
}
