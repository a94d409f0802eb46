import { SandboxError } from '../../core/errors.ts';
import { suggestionFor } from '../../core/text/suggestion.ts';
import { engineNames } from '../../engines/engine-names.ts';
import { terminalJson } from '../../report/terminal.ts';
import { stackLogs } from '../../stack/attach/stack-logs.ts';
import { stackStatus } from '../../stack/attach/stack-status.ts';
import { parseWholeNumber } from '../options/names.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action, ActionContext } from '../run-action.ts';

const linesDefault = 100;

/** Colours mean nothing but themselves, and are left out (ECMA-48, "select graphic rendition"); what else is shown. */
function withoutColors(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  return line.replaceAll(/\u001b\[[0-9;]*m/g, '');
}

/** Shows what the nodes write to their output, until the reader of it has enough. */
export const logs: Action = async (context) => {
  const { tail, lines: asBefore } = context.flags;
  const given = tail ?? asBefore;
  const lines =
    given === undefined ? linesDefault : parseWholeNumber(given, 0, tail === undefined ? '--lines' : '--tail');
  await requireKnown(context);
  const follow = context.flags.follow === true;
  const document: object[] = [];
  await stackLogs({
    ...identityOf(context),
    of: context.arguments,
    lines,
    follow,
    signal: AbortSignal.any([context.signal, context.outputClosed]),
    onLine: (line) => {
      if (context.format !== 'json') context.print(`${line.node} | ${withoutColors(line.line)}\n`);
      else if (follow) context.print(`${terminalJson(line)}\n`);
      else document.push(line);
    },
  });
  return context.format === 'json' && !follow ? { document: { version: 1, lines: document } } : {};
};

/** Throws `UNKNOWN_ENGINE` for a name that is neither an engine's nor a node's of the stack. */
async function requireKnown(context: ActionContext): Promise<void> {
  const others = context.arguments.filter((name) => !engineNames.some((engine) => engine === name));
  if (others.length === 0) return;
  const { engines } = await stackStatus(identityOf(context)).catch(() => ({ engines: [] }));
  const nodes = engines.flatMap((engine) =>
    [...engine.nodes, ...(engine.watcher === undefined ? [] : [engine.watcher])].map(({ name }) => name),
  );
  const unknown = others.find((name) => !nodes.includes(name));
  if (unknown === undefined) return;
  throw new SandboxError({
    code: 'UNKNOWN_ENGINE',
    message: `logs: there is no engine or node \`${unknown}\`.`,
    next: suggestionFor(unknown, [...new Set([...engineNames, ...nodes])]),
  });
}
