import { existsSync } from 'node:fs';
import { labelNames } from '../../containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../containers/runtime/objects.ts';
import { keptStacks } from './stack-folder.ts';
import type { StackIdentity } from './stack-identity.ts';
import { readSecrets } from './stack-state.ts';

/** A stack whose project is not where it was. */
export interface MovedStack {
  readonly name: string;
  /** Where its project was. */
  readonly directory: string;
}

/**
 * Stacks of this user that have data, and whose project is gone: it was moved or renamed, perhaps to where this one is,
 * whose stack has another name then. `directory` is that of the project that asks.
 */
export async function movedStacks({ directory }: Pick<StackIdentity, 'directory'>): Promise<readonly MovedStack[]> {
  const kept = (await keptStacks()).map(async (name): Promise<readonly MovedStack[]> => {
    const before = (await readSecrets(directory, name).catch(() => undefined))?.directory;
    if (before === undefined || existsSync(before)) return [];
    const ours = { [labelNames.stack]: name };
    const found = await Promise.all([findContainers(ours), findVolumes(ours)]);
    return found.flat().length === 0 ? [] : [{ name, directory: before }];
  });
  return (await Promise.all(kept)).flat();
}

/** What there is to say of one. */
export function describeMoved({ name, directory }: MovedStack): string {
  return `The stack ${name} of ${directory}, which is not there any more, still has its data. Go on with it here: \`npm run sandbox -- up --name ${name}\`, and \`name: ${name}\` in sandbox.config.yaml.`;
}
