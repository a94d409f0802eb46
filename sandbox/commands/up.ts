import { formatSlowestChain } from '../report/startup-chain.ts';
import { formatEndpoints, formatStatus } from '../report/status-text.ts';
import { requireWholeSchemas } from '../stack/schema-gaps.ts';
import { stackStatus } from '../stack/stack-status.ts';
import { bringUp } from './bring-up.ts';
import type { Action } from './run-action.ts';
import { identityOf } from './stack-options.ts';

/** Starts the stack, or attaches to it. Throws `SCHEMA_INCOMPLETE` where it runs and lacks something of its schemas. */
export const up: Action = async (context) => {
  const { attached, startup, crossStore, schemaGaps } = await bringUp(context);
  requireWholeSchemas(schemaGaps);
  const status = await stackStatus(identityOf(context));
  return {
    document: { ...status, attached, startup, crossStore },
    text: (colors) =>
      [formatStatus(status, colors), formatSlowestChain(startup, colors), formatEndpoints(status, colors)]
        .filter((part) => part !== '')
        .join('\n'),
  };
};
