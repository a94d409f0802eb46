import { formatSlowestChain } from '../report/startup-chain.ts';
import { formatEndpoints, formatStatus } from '../report/status-text.ts';
import { stackStatus } from '../stack/stack-status.ts';
import { bringUp } from './bring-up.ts';
import type { Action } from './run-action.ts';
import { identityOf } from './stack-options.ts';

/** Starts the stack, or attaches to it. */
export const up: Action = async (context) => {
  const { attached, startup, crossStore } = await bringUp(context);
  const status = await stackStatus(identityOf(context));
  return {
    document: { ...status, attached, startup, crossStore },
    text: (colors) =>
      [formatStatus(status, colors), formatSlowestChain(startup, colors), formatEndpoints(status, colors)]
        .filter((part) => part !== '')
        .join('\n'),
  };
};
