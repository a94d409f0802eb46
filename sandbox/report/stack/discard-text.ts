import type { DiscardReport } from '../../backup/restore/discard-restores.ts';
import type { Colors } from '../colors.ts';

/** What is gone of the restores beside live data, for people. */
export function formatDiscard({ stack, engines, stacks, notRunning }: DiscardReport, colors: Colors): string {
  const gone = [
    ...engines.flatMap(({ engine, names }) => names.map((name) => `${engine}: ${name}`)),
    ...stacks.map((name) => `the stack ${name}`),
  ];
  const lines = [
    ...(gone.length === 0 ? [`Nothing is left of restores beside the stack ${stack}.`] : []),
    ...gone.map((what) => `${colors.green('removed')} ${what}`),
    ...notRunning.map((engine) => `${colors.yellow('not looked at')} ${engine}: it does not run`),
  ];
  return `${lines.join('\n')}\n`;
}
