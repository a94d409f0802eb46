import { formatSlowestChain } from '../../report/bench/startup-chain.ts';
import { formatEndpoints, formatStatus } from '../../report/stack/status-text.ts';
import { stackStatus } from '../../stack/attach/stack-status.ts';
import { requireWholeSchemas } from '../../stack/furnish/schema-gaps.ts';
import { parseChoice } from '../options/names.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';
import { bringUp } from './bring-up.ts';

/** Starts the stack, or attaches to it. Throws `SCHEMA_INCOMPLETE` where it runs and lacks something of its schemas. */
export const up: Action = async (context) => {
  const { profile } = context.flags;
  if (profile !== undefined) parseChoice(String(profile), ['monitoring'] as const, '--profile');
  const { attached, startup, crossStore, schemaGaps, wasWatched } = await bringUp(context);
  requireWholeSchemas(schemaGaps);
  if (profile !== undefined) await (await import('../monitor.ts')).watch(context);
  else if (wasWatched) await (await import('../monitor.ts')).watchAgain(context);
  const status = await stackStatus(identityOf(context));
  return {
    document: { ...status, attached, startup, crossStore },
    text: (colors) =>
      [formatStatus(status, colors), formatSlowestChain(startup, colors), formatEndpoints(status, colors)]
        .filter((part) => part !== '')
        .join('\n'),
  };
};
