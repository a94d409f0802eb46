import { basename, dirname, resolve } from 'node:path';
import { writePrivateFile } from '../../core/files/private-files.ts';
import { callersFolder } from '../../core/process/callers-environment.ts';
import { formatDotenv, formatEnvFile } from '../../report/stack/dotenv.ts';
import { stackEnvironment } from '../../stack/attach/attach-stack.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';
import { isIgnoredByGit } from './ignored-by-git.ts';

/** Prints the environment of an application, passwords included, or writes it into a file that only its owner can read. */
export const env: Action = async (context) => {
  const environment = await stackEnvironment({
    ...identityOf(context),
    ...chosenEngines(context),
    admin: context.flags.admin === true,
  });
  const text = context.format === 'docker' ? formatEnvFile(environment) : formatDotenv(environment);
  if (context.flags.file === undefined) {
    return context.format === 'docker' ? { text: () => text } : { document: environment, text: () => text };
  }
  const file = resolve(callersFolder(process.env), String(context.flags.file));
  await writePrivateFile(file, context.format === 'json' ? `${JSON.stringify(environment, undefined, 2)}\n` : text);
  const ignored = await isIgnoredByGit(file);
  const document = { version: 1, file, variables: Object.keys(environment), ignoredByGit: ignored };
  const hint = `Passwords are in it, and git does not ignore it: add \`${basename(file)}\` to ${dirname(file)}/.gitignore.\n`;
  return {
    document,
    text: () =>
      `${document.variables.length} variables in ${file}, which only you can read.\n${ignored === false ? hint : ''}`,
  };
};
