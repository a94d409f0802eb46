import { resolve } from 'node:path';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { costClasses } from '../../engines/contract/quality.ts';
import type { QualityOptions } from '../../quality/target.ts';
import { parseUrls } from '../bench/bench-urls.ts';
import { badOption, parseChoice } from '../options/names.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { ActionContext } from '../run-action.ts';

/** What the flags of `quality` say; `names` are the words after the action. Throws `BAD_OPTION`. */
export async function qualityOptionsOf(context: ActionContext, names: readonly string[]): Promise<QualityOptions> {
  const { flags, settings, progress, signal } = context;
  const servers = await parseUrls((flags.url ?? []) as readonly string[]);
  return {
    ...identityOf(context),
    ...chosenEngines(context),
    names,
    servers,
    strict: flags.strict === true,
    acceptDrift: flags.acceptDrift === true,
    progress,
    signal,
    ...withoutUndefined({
      contracts: folderOf(flags.contracts, settings.directory),
      costs:
        flags.cost === undefined
          ? undefined
          : String(flags.cost)
              .split(',')
              .map((text) => parseChoice(text.trim(), costClasses, '--cost')),
    }),
  };
}

function folderOf(given: unknown, directory: string): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given.trim() === '') throw badOption('--contracts names no folder.', 'Name one.');
  return resolve(directory, given);
}
