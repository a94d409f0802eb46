import type { Command } from 'commander';
import { shellPrograms } from '../../engines/index.ts';
import { withStackOptions } from '../options/options.ts';
import { add, run } from './add-command.ts';

/** Programs that run with the stack. */
export function addRunningCommands(program: Command): void {
  add(program, 'exec', "run a command with the stack's environment, or stores of its own", [
    'engines',
    'admin',
    'waitTimeout',
  ])
    .option('--lease', 'give it stores of its own, as new, and take them back when it ends')
    .option('--isolation <pairs>', 'with --lease: how its stores are kept apart, for example redis=server')
    .option('--keep-failed <number>', 'with --lease: most commands that failed and keep their stores (default: 3)')
    .usage('[options] -- <command> [arguments...]')
    .argument('<command...>', 'the command and its arguments; its exit code is passed on')
    .passThroughOptions()
    .action(run(() => import('../programs/exec.ts').then((room) => room.exec), { signals: 'own' }));
  add(program, 'lease', 'list stores that tests have of their own, open those of a failed test, or give them up', [])
    .argument('<action>', 'list, open LEASE or drop LEASE...')
    .argument('[lease...]', 'leases; with open: one, and after `--` a command that gets its environment')
    .option('--all', 'with drop: every lease of a failed test')
    .action(run(() => import('../programs/lease.ts').then((room) => room.lease), { signals: 'own' }));
  for (const [shell, engine] of shellPrograms()) {
    withStackOptions(program.command(shell).description(`the shell of ${engine}, inside of its node`))
      .copyInheritedSettings(program)
      .usage('[options] [-- arguments...]')
      .argument('[arguments...]', 'what the shell itself takes; its exit code is passed on')
      .passThroughOptions()
      .allowUnknownOption()
      .action(
        run(() => import('../programs/shell.ts').then((room) => room.shellCommand(shell, engine)), { signals: 'own' }),
      );
  }
}
