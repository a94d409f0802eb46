import type { EngineTopology, NodeTopology, StackTopology } from '../stack/stack-topology.ts';
import type { Colors } from './colors.ts';

/** Each engine's nodes as a tree: who follows stands under whom it follows. */
export function formatTopology({ stack, engines }: StackTopology, colors: Colors): string {
  const parts = engines.map((engine) => formatEngine(engine, colors));
  return `Stack ${colors.bold(stack)}\n\n${parts.join('\n')}`;
}

function formatEngine({ engine, topology, nodes }: EngineTopology, colors: Colors): string {
  const isHere = (name: string | undefined) => nodes.some(({ node }) => node === name);
  const tops = nodes.filter(({ follows }) => !isHere(follows));
  const width = Math.max(...nodes.map(({ node }) => node.length));
  const lines = tops.flatMap((top) => linesOf(top, '  ', new Set()));
  return `${colors.bold(engine)} ${topology}\n${lines.join('\n')}\n`;

  // Two nodes may each believe that they follow the other, while a failover is under way.
  function linesOf(node: NodeTopology, indent: string, seen: Set<string>): string[] {
    if (seen.has(node.node)) return [];
    seen.add(node.node);
    const followers = nodes.filter(({ follows }) => follows === node.node);
    return [
      `${indent}${formatNode(node, width + 5 - indent.length, colors)}`,
      ...followers.flatMap((follower) => linesOf(follower, `${indent}└─ `.replace('└─ └─', '   └─'), seen)),
    ];
  }
}

function formatNode(node: NodeTopology, width: number, colors: Colors): string {
  const { role, lag, holds, host, port, faults } = node;
  const details = [holds, lag === undefined ? undefined : `lag ${lag}`, `${host}:${port}`];
  const text = details.filter((detail) => detail !== undefined).join('  ');
  const fault = faults.length === 0 ? '' : `  ${colors.yellow(`fault: ${faults.join(', ')}`)}`;
  return `${node.node.padEnd(width)}  ${colorOfRole(role, colors)}  ${text}${fault}`;
}

function colorOfRole(role: string, colors: Colors): string {
  const text = role.padEnd(7);
  if (role === 'down' || role === 'unknown') return colors.yellow(text);
  return ['replica', 'standby', 'secondary'].includes(role) ? text : colors.green(text);
}
