import type { Command } from 'commander';
import { add, run } from './add-command.ts';

/** Suites. */
export function addScenariosCommand(program: Command): void {
  add(program, 'scenarios', 'run suites, each on a throw-away topology of its own', [
    'engines',
    'size',
    'images',
    'dockerInstall',
    'seed',
  ])
    .argument('[suite...]', 'suites: contract, backup-restore, failover, alerts (default: all)')
    .option('--quick', 'the part of each suite that `sandbox` itself runs')
    .option('--time-scale <factor>', 'how many times faster time runs in alerts, 1 to 60 (default: 20)')
    .action(run(() => import('../scenarios.ts').then((room) => room.scenarios)));
}
