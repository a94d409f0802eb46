import { extname, join } from 'node:path';

/**
 * Path of a program of ours that runs in a process or thread of its own, given without its ending: TypeScript in a checkout,
 * JavaScript in the installed package, like the module that asks.
 *
 * @example
 * fork(programFile(import.meta, 'no-op-http'));
 */
export function programFile(asking: Pick<ImportMeta, 'dirname' | 'filename'>, path: string): string {
  return join(asking.dirname, `${path}${extname(asking.filename)}`);
}
