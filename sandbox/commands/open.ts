import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import openOnDesktop from 'open';
import { SandboxError } from '../core/errors.ts';
import { stateDirectory } from '../stack/state/state-directory.ts';
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
  if (!hasDesktop(process.env)) throw noDesktop(address);
  await openOnDesktop(file);
  return { document: { version: 1, file }, text: () => `Opened ${address}\n` };
};

/** Elsewhere than on Linux and BSD there is always one; there it is named by the display server. */
function hasDesktop({ DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME }: NodeJS.ProcessEnv): boolean {
  const always = process.platform === 'darwin' || process.platform === 'win32';
  return always || [DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME].some((value) => value !== undefined && value !== '');
}

function noReport(file: string): SandboxError {
  return new SandboxError({
    code: 'COMMAND_FAILED',
    message: `There is no report yet: ${file} is missing.`,
    next: 'Let one be written: `npm run sandbox`.',
  });
}

function noDesktop(address: string): SandboxError {
  return new SandboxError({
    code: 'COMMAND_FAILED',
    message: 'There is no desktop here that could show a page: neither DISPLAY nor WAYLAND_DISPLAY is set.',
    next: `Open it in a browser: ${address}`,
  });
}
