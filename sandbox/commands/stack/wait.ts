import { withoutUndefined } from '../../core/without-undefined.ts';
import { formatStatus } from '../../report/stack/status-text.ts';
import { stackStatus } from '../../stack/attach/stack-status.ts';
import { waitForStack } from '../../stack/attach/wait-for-stack.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';

/** Waits until every engine answers. */
export const wait: Action = async (context) => {
  const { waitTimeoutMs } = context.settings;
  await waitForStack({
    ...identityOf(context),
    ...chosenEngines(context),
    ...withoutUndefined({ timeoutMs: waitTimeoutMs }),
    signal: context.signal,
  });
  const status = await stackStatus(identityOf(context));
  return { document: status, text: (colors) => formatStatus(status, colors) };
};
