import { SandboxError } from '../core/errors.ts';

/** Throws `COMMAND_FAILED`, with the address, where nothing here could show a page. */
export function requireDesktop(address: string): void {
  if (hasDesktop(process.env)) return;
  throw new SandboxError({
    code: 'COMMAND_FAILED',
    message: 'There is no desktop here that could show a page: neither DISPLAY nor WAYLAND_DISPLAY is set.',
    next: `Open it in a browser: ${address}`,
  });
}

/** Elsewhere than on Linux and BSD there is always one; there it is named by the display server. */
function hasDesktop({ DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME }: NodeJS.ProcessEnv): boolean {
  const always = process.platform === 'darwin' || process.platform === 'win32';
  return always || [DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME].some((value) => value !== undefined && value !== '');
}
