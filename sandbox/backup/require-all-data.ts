import { SandboxError } from '../core/errors.ts';
import { engineNames } from '../engines/engine-names.ts';
import type { AttachedStack } from '../stack/attach/attach-stack.ts';
import { enginesWithData } from '../stack/resolve/generations.ts';

/**
 * Refuses to back up a stack without an engine that has data and does not run. The state of the stack does not know of it
 * where the state was lost, and the engine was not started since. Throws `STACK_NOT_RUNNING`.
 */
export async function requireAllData({
  identity,
  engines,
}: Pick<AttachedStack, 'identity' | 'engines'>): Promise<void> {
  const withData = await enginesWithData(identity);
  const missing = engineNames.filter((name) => withData.has(name) && !engines.has(name));
  if (missing.length === 0) return;
  throw new SandboxError({
    code: 'STACK_NOT_RUNNING',
    message: `The stack ${identity.name} holds data of ${missing.join(', ')}, which does not run: it would not be in the backup.`,
    next: `Start it: \`npm run sandbox -- up --engines ${missing.join(',')}\`; or name those that are meant: --engines ${[...engines.keys()].join(',')}.`,
  });
}
