import type { Command } from 'commander';
import { add, run, seeded } from './add-command.ts';

const envFormats = ['dotenv', 'docker', 'json'];

/** Starting, stopping and looking at the stack. */
export function addStackCommands(program: Command): void {
  add(program, 'up', 'start the stack, apply the schemas and load the data, or attach to it if it is running', [
    ...seeded,
    'ports',
  ])
    .option('--wait-timeout <duration>', 'give up after this long, for example 90s or 2m')
    .option('--profile <name>', 'what else to start beside the engines: monitoring')
    .action(run(() => import('../stack/up.ts').then((room) => room.up)));
  add(program, 'down', 'stop the stack and keep its data', [])
    .option('-v, --volumes', 'DELETE all its data too; backups stay')
    .action(run(() => import('../stack/down.ts').then((room) => room.down)));
  add(program, 'stop', 'the same as down: stop the stack and keep its data', []).action(
    run(() => import('../stack/down.ts').then((room) => room.down)),
  );
  add(program, 'start', 'start a stack again that was stopped, with the engines that ran and the data that they have', [
    'waitTimeout',
    'ports',
  ]).action(run(() => import('../stack/start.ts').then((room) => room.start)));
  add(program, 'restart', 'stop the stack and start it again, with the data that it has', ['waitTimeout']).action(
    run(() => import('../stack/start.ts').then((room) => room.restart)),
  );
  add(program, 'ps', 'the same as status', ['engines']).action(
    run(() => import('../stack/status.ts').then((room) => room.status)),
  );
  add(program, 'status', 'show the state of the nodes, image origin and addresses; `seed` looks at schemas and data', [
    'engines',
  ]).action(run(() => import('../stack/status.ts').then((room) => room.status)));
  add(program, 'env', 'print the environment of an application, passwords included', ['engines', 'admin'], envFormats)
    .summary('print the environment of an application')
    .addHelpText(
      'after',
      '\nThe format docker, for `docker run --env-file`, has no quotes. Load it into a shell:\n  set -a; . <(npm run --silent sandbox -- env); set +a',
    )
    .option('--file <path>', 'write it into a file that only you can read (mode 600)')
    .action(run(() => import('../stack/env.ts').then((room) => room.env), { formats: envFormats }));
  add(program, 'logs', "show what an engine's nodes write to their output", [])
    .argument('[engine...]', 'engines or nodes whose logs are meant (default: all)')
    .option('-f, --follow', 'go on until it is interrupted; with --format json one document a line')
    .option('-n, --tail <number>', 'lines of each node to begin with (default: 100)')
    .option('--lines <number>', 'the same')
    .action(run(() => import('../nodes/logs.ts').then((room) => room.logs)));
  add(program, 'wait', 'wait until every engine answers', ['engines', 'waitTimeout']).action(
    run(() => import('../stack/wait.ts').then((room) => room.wait)),
  );
}
