import { formatEndpoints, formatStatus } from '../../report/stack/status-text.ts';
import { stackStatus } from '../../stack/attach/stack-status.ts';
import { isWatched } from '../../stack/remove/monitoring-containers.ts';
import { takeDown } from '../../stack/remove/take-down.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { identityOf, presentOptionsOf } from '../options/stack-options.ts';
import type { Action, ActionContext, Outcome } from '../run-action.ts';
import { type StackLayout, stackLayout } from './stack-layout.ts';

/** Starts the engines that the stack ran with, as they were, on the data that they have: nothing is applied, loaded or checked. */
export const start: Action = async (context) => startAsItWas(context, await stackLayout(context));

/** {@link start} after a stop. */
export const restart: Action = async (context) => {
  const layout = await stackLayout(context);
  const wasWatched = await isWatched(stackIdentity(identityOf(context)).name);
  await takeDown({ ...identityOf(context), volumes: false, progress: context.progress });
  const outcome = await startAsItWas(context, layout);
  if (wasWatched) await (await import('../monitor.ts')).watchAgain(context);
  return outcome;
};

async function startAsItWas(context: ActionContext, layout: StackLayout): Promise<Outcome> {
  const { createStack } = await import('../../stack/create-stack.ts');
  await using _ = await createStack({
    ...presentOptionsOf(context),
    engines: layout.engines,
    topologies: layout.topologies,
    schema: false,
    size: 'none',
  });
  const status = await stackStatus(identityOf(context));
  return {
    document: status,
    text: (colors) => `${formatStatus(status, colors)}\n${formatEndpoints(status, colors)}`,
  };
}
