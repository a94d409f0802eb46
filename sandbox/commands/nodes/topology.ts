import { now } from '../../core/clock.ts';
import { colorsFor } from '../../report/colors.ts';
import { formatTopology } from '../../report/stack/topology-text.ts';
import { ownControl, terminalJson } from '../../report/terminal.ts';
import { stackTopology } from '../../stack/attach/stack-topology.ts';
import { watchTopology } from '../../stack/attach/watch-topology.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';

/** Clears the terminal and goes to its first line (ECMA-48). */
const clear = `${ownControl('H')}${ownControl('2J')}`;

/** Shows who is primary, who follows and how far behind, as the nodes themselves say it now. */
export const topology: Action = async (context) => {
  const options = { ...identityOf(context), ...chosenEngines(context) };
  if (context.flags.watch !== true) {
    const found = await stackTopology(options);
    return { document: found, text: (colors) => formatTopology(found, colors) };
  }
  const colors = colorsFor(process.stdout);
  await watchTopology(
    options,
    (found) => {
      if (context.format === 'json') context.print(`${terminalJson({ at: now().toISOString(), ...found })}\n`);
      else context.print(`${process.stdout.isTTY ? clear : ''}${formatTopology(found, colors)}\n`);
    },
    context.signal,
  );
  return {};
};
