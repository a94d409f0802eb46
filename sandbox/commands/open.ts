import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import openOnDesktop from 'open';
import { SandboxError } from '../core/errors.ts';
import { stateDirectory } from '../stack/state/state-directory.ts';
import { requireDesktop } from './desktop.ts';
import type { Action } from './run-action.ts';

/** Opens the report that the main command wrote last. */
export const open: Action = async ({ settings }) => {
  const file = join(stateDirectory(settings.directory), 'report.html');
  const address = pathToFileURL(file).href;
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) throw noReport(file);
  requireDesktop(address);
  await openOnDesktop(file);
  return { document: { version: 1, file }, text: () => `Opened ${address}\n` };
};

function noReport(file: string): SandboxError {
  return new SandboxError({
    code: 'COMMAND_FAILED',
    message: `There is no report yet: ${file} is missing.`,
    next: 'Let one be written: `npm run sandbox`.',
  });
}
