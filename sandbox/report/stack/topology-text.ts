import type { EngineTopology, NodeTopology, StackTopology } from '../../stack/attach/stack-topology.ts';
import type { Colors } from '../colors.ts';
import { formatBytes, formatDuration } from '../units.ts';

/** Each engine's nodes as a tree: who follows stands under whom it follows. */
export function formatTopology({ stack, engines }: StackTopology, colors: Colors): string {
  const parts = engines.map((engine) => formatEngine(engine, colors));
  return `Stack ${colors.bold(stack)}\n\n${parts.join('\n')}`;
}

function formatEngine({ engine, topology, nodes, watcher }: EngineTopology, colors: Colors): string {
  const isHere = (name: string | undefined) => nodes.some(({ node }) => node === name);
  const tops = nodes.filter(({ follows }) => !isHere(follows));
  const width = Math.max(...nodes.map(({ node }) => node.length));
  const shown = new Set<string>();
  // Two nodes may each believe that they follow the other, while a failover is under way: none of them stands above.
  const lines = [...tops, ...nodes].flatMap((top) => linesOf(top, '  '));
  return `${colors.bold(engine)} ${topology}\n${[...lines, ...watcherLines(watcher, colors)].join('\n')}\n`;

  function linesOf(node: NodeTopology, indent: string): string[] {
    if (shown.has(node.node)) return [];
    shown.add(node.node);
    const followers = nodes.filter(({ follows }) => follows === node.node);
    return [
      `${indent}${formatNode(node, width + 5 - indent.length, colors)}`,
      ...followers.flatMap((follower) => linesOf(follower, `${indent}└─ `.replace('└─ └─', '   └─'))),
    ];
  }
}

/** Whether somebody watches, and what was decided, by the time of day alone. */
function watcherLines(watcher: EngineTopology['watcher'], colors: Colors): readonly string[] {
  if (watcher === undefined) return [];
  const { node, state, decisions } = watcher;
  const said = decisions.map(({ at, text }) => `    ${at.slice(11, 19)} ${text}`);
  return [`  ${node}  ${state === 'running' ? 'watches' : colors.yellow('down')}`, ...said];
}

function formatNode(node: NodeTopology, width: number, colors: Colors): string {
  const { role, holds, host, port, faults } = node;
  const details = [holds, formatLag(node), `${host}:${port}`];
  const text = details.filter((detail) => detail !== undefined).join('  ');
  const fault = faults.length === 0 ? '' : `  ${colors.yellow(`fault: ${faults.join(', ')}`)}`;
  return `${node.node.padEnd(width)}  ${colorOfRole(role, colors)}  ${text}${fault}`;
}

/** `lag 0 bytes`, `lag 1.5 KiB, 3.0 s`, `lag 3 transactions, dump 2 min old`, `lag unknown: the link is down`. */
function formatLag({ lagBytes, lagMs, lagUnknown, lagTransactions, dumpAgeMs }: NodeTopology): string | undefined {
  const dump = dumpAgeMs === undefined ? '' : `, dump ${formatDuration(dumpAgeMs)} old`;
  if (lagUnknown !== undefined) return `lag unknown: ${lagUnknown}${dump}`;
  if (lagBytes === 0) return 'lag 0 bytes';
  if (lagTransactions !== undefined)
    return `lag ${lagTransactions} ${lagTransactions === 1 ? 'transaction' : 'transactions'}${dump}`;
  const parts = [
    lagBytes === undefined ? undefined : formatBytes(lagBytes),
    lagMs === undefined ? undefined : formatDuration(lagMs),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `lag ${parts.join(', ')}`;
}

function colorOfRole(role: string, colors: Colors): string {
  const text = role.padEnd(7);
  if (role === 'down' || role === 'unknown') return colors.yellow(text);
  return ['replica', 'standby', 'secondary'].includes(role) ? text : colors.green(text);
}
