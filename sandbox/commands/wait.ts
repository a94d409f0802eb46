import { formatStatus } from '../report/status-text.ts';
import { stackStatus } from '../stack/stack-status.ts';
import { waitForStack } from '../stack/wait-for-stack.ts';
import type { Action } from './run-action.ts';
import { chosenEngines, identityOf } from './stack-options.ts';

/** Waits until every engine answers. */
export const wait: Action = async (context) => {
  const { waitTimeoutMs } = context.settings;
  await waitForStack({
    ...identityOf(context),
    ...chosenEngines(context),
    ...(waitTimeoutMs === undefined ? {} : { timeoutMs: waitTimeoutMs }),
    signal: context.signal,
  });
  const status = await stackStatus(identityOf(context));
  return { document: status, text: (colors) => formatStatus(status, colors) };
};
