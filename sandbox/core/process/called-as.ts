import { extname } from 'node:path';

/** What starts the command line: a script of npm's in a checkout, the package's program where it is installed. */
const program = extname(import.meta.filename) === '.ts' ? 'npm run sandbox --' : 'npx taishang-sandbox';

/** Name of the command line in its own help. */
export const programName = program.startsWith('npm run') ? 'sandbox' : 'taishang-sandbox';

/** A text that names commands as a checkout has them, with the program that the reader has. */
export function asCalled(text: string): string {
  if (program.startsWith('npm run')) return text;
  return text.replaceAll(/npm run (?:--silent )?sandbox(?: --(?= ))?/g, program);
}
