import type { BackupReport } from '../../backup/backup-report.ts';
import { type CreateBackupOptions, prepareBackup } from '../../backup/run-backup.ts';
import { colorsFor } from '../../report/colors.ts';
import { formatBackup } from '../../report/stack/backup-text.ts';
import { terminalJson } from '../../report/terminal.ts';
import { parseSchedule, runOnSchedule } from '../../unattended/schedule.ts';
import { parseChoice, parseWholeNumber } from '../options/names.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { Action, ActionContext } from '../run-action.ts';

/** Archives that are there: listed, read to their end, or removed where they are too old. */
const keptActions = ['list', 'show', 'verify', 'prune'] as const;

/** Backs the running stack up into one archive, once or at set times; `list` and others deal with archives that are there. */
export const backup: Action = async (context) => {
  const [what] = context.arguments;
  if (what !== undefined) return keptAction(what, context);
  const { schedule } = context.flags;
  const times = typeof schedule === 'string' ? parseSchedule(schedule) : undefined;
  const run = await prepareBackup(backupOptionsOf(context));
  if (times !== undefined) {
    const { signal, progress } = context;
    await runOnSchedule(times, async () => printReport(await run(), context), { what: 'backup', signal, progress });
  }
  const report = await run();
  return { document: report, text: (colors) => formatBackup(report, colors) };
};

async function keptAction(text: string, context: ActionContext): ReturnType<Action> {
  const what = parseChoice(text, keptActions, 'backup');
  const { backupList, backupPrune, backupShow } = await import('./backup-kept.ts');
  return { list: backupList, show: backupShow, verify: backupShow, prune: backupPrune }[what](context);
}

function backupOptionsOf(context: ActionContext): CreateBackupOptions {
  const { to, retention, webhook, log } = context.flags;
  return {
    ...identityOf(context),
    ...chosenEngines(context),
    ...(typeof to === 'string' ? { to } : {}),
    ...(retention === undefined ? {} : { retentionDays: parseRetention(retention) }),
    ...(typeof webhook === 'string' ? { webhook } : {}),
    ...(typeof log === 'boolean' ? { log } : {}),
    progress: context.progress,
    signal: context.signal,
  };
}

function parseRetention(text: unknown): number | null {
  return text === 'none' ? null : parseWholeNumber(text, 1, '--retention');
}

/** With `--format json`, one document a line: nobody knows which is the last. */
function printReport(report: BackupReport, { format, print }: ActionContext): void {
  print(format === 'json' ? `${terminalJson(report)}\n` : formatBackup(report, colorsFor(process.stdout)));
}
