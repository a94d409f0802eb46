import { SandboxError } from '../core/errors.ts';
import type { EngineName } from '../engines/index.ts';
import { formatEndpoints, formatStatus } from '../report/status-text.ts';
import { stackIdentity } from '../stack/stack-identity.ts';
import { readState } from '../stack/stack-state.ts';
import { stackStatus } from '../stack/stack-status.ts';
import { takeDown } from '../stack/take-down.ts';
import type { Action, ActionContext, Outcome } from './run-action.ts';
import { identityOf, stackOptionsOf } from './stack-options.ts';

/** Starts the engines that the stack has, as they were, on the data that they have: nothing is applied, loaded or checked. */
export const start: Action = async (context) => startAsItWas(context, await layoutOf(context));

/** {@link start} after a stop. */
export const restart: Action = async (context) => {
  const layout = await layoutOf(context);
  await takeDown({ ...identityOf(context), volumes: false, progress: context.progress });
  return startAsItWas(context, layout);
};

type Layout = Pick<ReturnType<typeof stackOptionsOf>, 'engines' | 'topologies'>;

/** What the stack consists of. Throws `STACK_NOT_RUNNING` where it was never started, or its data was removed. */
async function layoutOf(context: ActionContext): Promise<Layout> {
  const { directory, name } = stackIdentity(identityOf(context));
  const engines = Object.entries((await readState(directory, name))?.engines ?? {});
  if (engines.length === 0) {
    throw new SandboxError({
      code: 'STACK_NOT_RUNNING',
      message: `There is no stack ${name} of ${directory} that could be started again.`,
      next: 'Make it: `npm run sandbox -- up`.',
    });
  }
  return {
    engines: engines.map(([engine]) => engine as EngineName),
    topologies: Object.fromEntries(engines.map(([engine, { topology }]) => [engine, topology])),
  };
}

async function startAsItWas(context: ActionContext, layout: Layout): Promise<Outcome> {
  const { createStack } = await import('../stack/create-stack.ts');
  // Whether a watcher is part of it is as it was, too.
  const { failover: _failover, ...options } = stackOptionsOf(context);
  await using _ = await createStack({ ...options, ...layout, schema: false, size: 'none' });
  const status = await stackStatus(identityOf(context));
  return {
    document: status,
    text: (colors) => `${formatStatus(status, colors)}\n${formatEndpoints(status, colors)}`,
  };
}
