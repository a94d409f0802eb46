import type { EngineStatus, StackStatus } from '../../stack/attach/stack-status.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';
import { formatDuration } from '../units.ts';

/** A stack and its engines as a table, with the origin of every image. */
export function formatStatus(status: StackStatus, colors: Colors): string {
  const head = `Stack ${colors.bold(status.stack)}: ${colorOfState(status.state, colors)}\n`;
  if (status.engines.length === 0) return head;
  const columns = [
    { title: 'engine' },
    { title: 'state' },
    { title: 'topology' },
    { title: 'origin' },
    { title: 'version' },
    { title: 'ready in', align: 'right' as const },
    { title: 'address' },
  ];
  return `${head}\n${formatTable(
    columns,
    status.engines.map((engine) => engineRow(engine, colors)),
    colors,
  )}`;
}

/** Connection strings without passwords, and where the passwords are. */
export function formatEndpoints(status: StackStatus, colors: Colors): string {
  const width = Math.max(...status.engines.map(({ engine }) => engine.length), 0);
  const lines = status.engines.map(
    ({ engine, uri, nodes }) => `  ${colors.bold(engine.padEnd(width))}  ${uri ?? addresses(nodes)}`,
  );
  return `${lines.join('\n')}\n\nPasswords and more: npm run --silent sandbox -- env\n`;
}

/** The origin of an image; a stand-in stands out. */
export function formatOrigin(origin: string | undefined, colors: Colors): string {
  if (origin === undefined) return '-';
  return origin === 'compatible' ? colors.yellow(origin) : origin;
}

function engineRow(engine: EngineStatus, colors: Colors): readonly string[] {
  return [
    engine.engine,
    colorOfState(engine.state, colors),
    engine.topology,
    formatOrigin(engine.origin, colors),
    engine.serverVersion ?? '-',
    engine.readyMs === undefined ? '-' : formatDuration(engine.readyMs),
    addresses(engine.nodes),
  ];
}

function addresses(nodes: EngineStatus['nodes']): string {
  return nodes.length === 0 ? '-' : nodes.map(({ host, port }) => `${host}:${port}`).join(' ');
}

function colorOfState(state: string, colors: Colors): string {
  if (state === 'running' || state === 'ready') return colors.green(state);
  return state === 'stopped' || state === 'absent' ? colors.dim(state) : colors.yellow(state);
}
