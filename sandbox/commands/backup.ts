import { createBackup } from '../backup/create-backup.ts';
import { formatBackup } from '../report/backup-text.ts';
import { badOption } from './names.ts';
import type { Action } from './run-action.ts';
import { chosenEngines, identityOf } from './stack-options.ts';

/** Backs the running stack up into one archive. */
export const backup: Action = async (context) => {
  const { to } = context.flags;
  if (to === '') throw badOption('--to names no place.', 'Name a folder.');
  const report = await createBackup({
    ...identityOf(context),
    ...chosenEngines(context),
    ...(typeof to === 'string' ? { to } : {}),
    progress: context.progress,
    signal: context.signal,
  });
  return { document: report, text: (colors) => formatBackup(report, colors) };
};
