import { createInterface } from 'node:readline/promises';
import { discardRestores } from '../../backup/restore/discard-restores.ts';
import { restoreBackup } from '../../backup/restore/restore-backup.ts';
import { notice } from '../../core/progress.ts';
import { momentText, parseMoment } from '../../core/text/moment.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { formatDiscard } from '../../report/stack/discard-text.ts';
import { formatRestore } from '../../report/stack/restore-text.ts';
import { badOption, parseChoice } from '../options/names.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { Action, ActionContext, Outcome } from '../run-action.ts';

/** Options of a restore, none of which goes with `--discard`. */
const ofRestores = ['to', 'nearest', 'into', 'yes', 'trustArchive', 'images'] as const;

/** Restores an archive beside the live data or, where that is confirmed, in its place; or removes what restores have left. */
export const restore: Action = async (context) => {
  if (context.flags.discard === true) return discard(context);
  const { images, dockerInstall, ports } = context.settings;
  const [archive] = context.arguments;
  const { to, nearest } = context.flags;
  const moment = to === undefined ? undefined : parseMoment(String(to), '--to');
  if (nearest === true && moment === undefined) {
    throw badOption('--nearest goes with --to alone.', 'Leave it out, or name a moment with --to.');
  }
  if (moment !== undefined) notice(context.progress, 'info', `The moment is ${momentText(moment)}.`);
  const into = parseChoice(String(context.flags.into ?? 'restore'), ['restore', 'replace'] as const, '--into');
  const report = await restoreBackup({
    ...identityOf(context),
    ...chosenEngines(context),
    ...withoutUndefined({ archive, moment }),
    nearest: nearest === true,
    into,
    confirmed: context.flags.yes === true || (into === 'replace' && (await confirmOnTerminal(context))),
    archiveTrusted: context.flags.trustArchive === true,
    images,
    dockerInstall,
    ports,
    progress: context.progress,
    signal: context.signal,
  });
  return { document: report, text: (colors) => formatRestore(report, colors) };
};

async function discard(context: ActionContext): Promise<Outcome> {
  const [archive] = context.arguments;
  const other = archive ?? ofRestores.find((name) => context.flags[name] !== undefined);
  if (other !== undefined) {
    throw badOption(`--discard restores nothing: it does not go with ${other}.`, 'Leave one of them out.');
  }
  const report = await discardRestores({
    ...identityOf(context),
    ...chosenEngines(context),
    progress: context.progress,
  });
  return { document: report, text: (colors) => formatDiscard(report, colors) };
}

/** Asks where somebody can answer; nobody has confirmed anything elsewhere. */
async function confirmOnTerminal({ format, settings, signal }: ActionContext): Promise<boolean> {
  if (format !== 'text' || !process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `Replace the live data of the stack of ${settings.directory}? A safety backup is taken first. Type yes: `;
    return (await terminal.question(question, { signal })).trim() === 'yes';
  } finally {
    terminal.close();
  }
}
