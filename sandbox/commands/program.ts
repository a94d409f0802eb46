import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { programName } from '../core/process/called-as.ts';
import { configFileName } from './options/config-file.ts';
import { withOptions } from './options/options.ts';
import { run, seeded } from './program/add-command.ts';
import { addBackupCommands } from './program/backup-commands.ts';
import { addDataCommands } from './program/data-commands.ts';
import { addMachineCommands } from './program/machine-commands.ts';
import { addMeasuringCommands } from './program/measuring-commands.ts';
import { addNodeCommands } from './program/node-commands.ts';
import { addRunningCommands } from './program/running-commands.ts';
import { addScenariosCommand } from './program/scenarios-command.ts';
import { addStackCommands } from './program/stack-commands.ts';

const examples = `
Examples:
  npm run sandbox                                  everything, and the stack stays up
  npm run sandbox -- up --engines postgresql,redis
  npm run sandbox -- exec -- npm test              a command with the stack's environment
  npm run sandbox -- scenarios failover --format json

Settings come from flags, then variables such as SANDBOX_ENGINES, then ${configFileName}, then defaults:
docs/reference.md lists them all.
Exit codes: 0 done and nothing failed, 1 something failed, 2 wrong use.`;

/** The command line as a table of contents. Nothing of a command is loaded before it is chosen. */
export function createProgram(): Command {
  const program = new Command(programName)
    .helpCommand('help [command]', 'explain a command')
    .version(manifest.version, '--version', 'print the version of the sandbox')
    .description('A sandbox of databases on this machine: started, seeded, checked and measured by one command.')
    .usage('[command] [options]')
    .enablePositionalOptions()
    .addHelpText('after', examples);
  withOptions(program, [...seeded, 'strict']).action(
    run(() => import('./everything.ts').then((room) => room.everything)),
  );
  addStackCommands(program);
  addDataCommands(program);
  addScenariosCommand(program);
  addBackupCommands(program);
  addMeasuringCommands(program);
  addNodeCommands(program);
  addMachineCommands(program);
  addRunningCommands(program);
  return program;
}

/** Names of all commands, for suggestions. */
export function commandNames(program: Command): readonly string[] {
  return program.commands.map((command) => command.name());
}
