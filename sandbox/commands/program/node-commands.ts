import type { Command } from 'commander';
import { faultKinds } from '../../containers/faults/fault-kinds.ts';
import { add, run } from './add-command.ts';

const faultNames = Object.keys(faultKinds).join(', ');

/** Single nodes: who is what, what watches them, and what goes wrong with them. */
export function addNodeCommands(program: Command): void {
  add(program, 'topology', 'draw who is primary, who follows, and how far behind', ['engines'])
    .option(
      '--watch',
      'draw it again whenever something changes, until it is interrupted; with --format json one document a line',
    )
    .action(run(() => import('../nodes/topology.ts').then((room) => room.topology)));
  add(program, 'monitor', 'watch the running stack: Prometheus, Alertmanager and an exporter for each node', [
    'images',
    'dockerInstall',
  ])
    .argument('<action>', 'up, status, open or down')
    .action(run(() => import('../monitor.ts').then((room) => room.monitor)));
  add(program, 'fault', 'break a node of the running stack, or what is between nodes, until it is healed', [])
    .argument('<kind>', `${faultNames}; or heal, list`)
    .argument(
      '[node...]',
      'nodes, by name or by what they are now: postgresql:primary, redis:2/replica (of shard 2); with partition each is a group, such as redis-1,redis-2; with loss the rest are peers',
    )
    .option('--percent <number>', 'share of the packets, for loss and reset (default: 100)')
    .option('--direction <way>', 'in, out or both, for loss (default: both)')
    .option('--latency <duration>', 'for latency (default: 100ms)')
    .option('--jitter <duration>', 'for latency (default: none)')
    .option('--rate <number>', 'kbit/s that the node sends, for bandwidth (default: 1000)')
    .action(run(() => import('../nodes/fault.ts').then((room) => room.fault)));
  add(program, 'failover', 'make another node the primary while all are well; nothing acknowledged is lost', [])
    .argument('<engine>', 'engine whose primary hands over')
    .option('--to <node>', 'node that becomes the primary (default: the one that has received most)')
    .action(run(() => import('../nodes/failover.ts').then((room) => room.failover)));
}
