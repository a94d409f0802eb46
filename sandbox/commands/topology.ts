import { setTimeout as delay } from 'node:timers/promises';
import { colorsFor } from '../report/colors.ts';
import { formatTopology } from '../report/topology-text.ts';
import { stackTopology } from '../stack/stack-topology.ts';
import type { Action } from './run-action.ts';
import { chosenEngines, identityOf } from './stack-options.ts';

/** How often `--watch` looks again. Each look is a connection to every node. */
const watchMs = 500;

/** Clears the terminal and goes to its first line (ECMA-48). */
const clear = '\u001b[H\u001b[2J';

/** Shows who is primary, who follows and how far behind, as the nodes themselves say it now. */
export const topology: Action = async (context) => {
  const look = () => stackTopology({ ...identityOf(context), ...chosenEngines(context) });
  if (context.flags.watch !== true) {
    const found = await look();
    return { document: found, text: (colors) => formatTopology(found, colors) };
  }
  const colors = colorsFor(process.stdout);
  while (!context.signal.aborted) {
    const found = await look();
    if (context.format === 'json') context.print(`${JSON.stringify({ at: new Date().toISOString(), ...found })}\n`);
    else context.print(`${process.stdout.isTTY ? clear : ''}${formatTopology(found, colors)}\n`);
    await delay(watchMs, undefined, { signal: context.signal }).catch(() => {});
  }
  return {};
};
