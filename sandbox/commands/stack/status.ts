import { formatStatus } from '../../report/stack/status-text.ts';
import { stackStatus } from '../../stack/attach/stack-status.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';

/** Shows the stack from its labels and its state, without asking an engine. */
export const status: Action = async (context) => {
  const found = await stackStatus(identityOf(context));
  const { enginesChosen, engines } = context.settings;
  const shown = enginesChosen
    ? found.engines.filter(({ engine }) => engines.some((name) => name === engine))
    : found.engines;
  const document = { ...found, engines: shown };
  return { document, text: (colors) => formatStatus(document, colors) };
};
