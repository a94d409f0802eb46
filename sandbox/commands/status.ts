import { formatStatus } from '../report/status-text.ts';
import { stackStatus } from '../stack/stack-status.ts';
import type { Action } from './run-action.ts';
import { identityOf } from './stack-options.ts';

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
