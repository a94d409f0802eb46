import type { Command } from 'commander';
import { add, run } from './add-command.ts';

/** This machine: its browser, its shell, what it has and what it needs. */
export function addMachineCommands(program: Command): void {
  add(program, 'open', 'open the report of the last `npm run sandbox` in a browser', []).action(
    run(() => import('../open.ts').then((room) => room.open)),
  );
  add(program, 'completion', 'print a script that completes commands and options in a shell', [])
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nFor bash and zsh:\n  source <(npm run --silent sandbox -- completion bash)')
    .action(run(() => import('../completion/completion.ts').then((room) => room.completionOf(program))));
  add(program, 'doctor', 'check this machine and say how to fix what is wrong', ['engines']).action(
    run(() => import('../machine/doctor.ts').then((room) => room.doctor)),
  );
  add(program, 'prefetch', 'make the images ready ahead of time, or carry them to a machine without a network', [
    'engines',
    'images',
    'dockerInstall',
  ])
    .option('--output <file>', 'write the images into an archive')
    .option('--input <file>', 'read the images from an archive')
    .action(run(() => import('../machine/prefetch.ts').then((room) => room.prefetch)));
}
