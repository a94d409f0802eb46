import { terminalJson } from '../report/terminal.ts';
import { stackLogs } from '../stack/stack-logs.ts';
import { parseEngine, parseWholeNumber } from './names.ts';
import type { Action } from './run-action.ts';
import { identityOf } from './stack-options.ts';

const linesDefault = 100;

/** Colours mean nothing but themselves, and are left out (ECMA-48, "select graphic rendition"); what else is shown. */
function withoutColors(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  return line.replaceAll(/\u001b\[[0-9;]*m/g, '');
}

/** Shows what the nodes write to their output. */
export const logs: Action = async (context) => {
  const [engine] = context.arguments;
  const lines = context.flags.lines === undefined ? linesDefault : parseWholeNumber(context.flags.lines, 0, '--lines');
  const follow = context.flags.follow === true;
  const document: object[] = [];
  await stackLogs({
    ...identityOf(context),
    ...(engine === undefined ? {} : { engine: parseEngine(engine, 'logs') }),
    lines,
    follow,
    signal: context.signal,
    onLine: (line) => {
      if (context.format !== 'json') context.print(`${line.node} | ${withoutColors(line.line)}\n`);
      else if (follow) context.print(`${terminalJson(line)}\n`);
      else document.push(line);
    },
  });
  return context.format === 'json' && !follow ? { document: { version: 1, lines: document } } : {};
};
