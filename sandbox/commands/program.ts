import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { faultKinds } from '../containers/faults/fault-kinds.ts';
import { shellPrograms } from '../engines/index.ts';
import { configFileName } from './options/config-file.ts';
import { givenOptions, plainFormats, type SharedOption, withOptions, withStackOptions } from './options/options.ts';
import { refusePassedOver } from './options/taken-options.ts';
import { type Action, type Invocation, runAction } from './run-action.ts';

const seeded: readonly SharedOption[] = [
  'engines',
  'topology',
  'failover',
  'size',
  'images',
  'dockerInstall',
  'reset',
  'seed',
];

const examples = `
Examples:
  npm run sandbox                                  everything, and the stack stays up
  npm run sandbox -- up --engines postgresql,redis
  npm run sandbox -- exec -- npm test              a command with the stack's environment
  npm run sandbox -- scenarios failover --format json

Settings come from flags, then variables such as SANDBOX_ENGINES, then ${configFileName}, then defaults:
docs/reference.md lists them all.
Exit codes: 0 done and nothing failed, 1 something failed, 2 wrong use.`;

const benchExamples = `
  bench compare <before> <after>   two saved runs; exit code 1 where the second is worse
  bench export <name>              a saved run for benchstat, in Go's benchmark format
  bench startup                    how fast a stack starts
  bench load                       how fast each store is loaded, against a bare loader
  bench isolation                  how fast tests get stores of their own, against bare loops and other tools
  bench quality                    what quality checks take, against their bare questions`;
const envFormats = ['dotenv', 'docker', 'json'];
const datasetFormats = ['text', 'json', 'ndjson', 'csv', 'parquet'];
const faultNames = Object.keys(faultKinds).join(', ');

/** The command line as a table of contents. Nothing of a command is loaded before it is chosen. */
export function createProgram(): Command {
  const program = new Command('sandbox')
    .helpCommand('help [command]', 'explain a command')
    .version(manifest.version, '--version', 'print the version of the sandbox')
    .description('A sandbox of databases on this machine: started, seeded, checked and measured by one command.')
    .usage('[command] [options]')
    .enablePositionalOptions()
    .addHelpText('after', examples);
  withOptions(program, [...seeded, 'strict']).action(
    run(() => import('./everything.ts').then((room) => room.everything)),
  );

  add(program, 'up', 'start the stack, apply the schemas and load the data, or attach to it if it is running', [
    ...seeded,
    'ports',
  ])
    .option('--wait-timeout <duration>', 'give up after this long, for example 90s or 2m')
    .option('--profile <name>', 'what else to start beside the engines: monitoring')
    .action(run(() => import('./stack/up.ts').then((room) => room.up)));
  add(program, 'down', 'stop the stack and keep its data', [])
    .option('-v, --volumes', 'DELETE all its data too; backups stay')
    .action(run(() => import('./stack/down.ts').then((room) => room.down)));
  add(program, 'stop', 'the same as down: stop the stack and keep its data', []).action(
    run(() => import('./stack/down.ts').then((room) => room.down)),
  );
  add(program, 'start', 'start a stack again that was stopped, with the data that it has', [
    'waitTimeout',
    'ports',
  ]).action(run(() => import('./stack/start.ts').then((room) => room.start)));
  add(program, 'restart', 'stop the stack and start it again, with the data that it has', ['waitTimeout']).action(
    run(() => import('./stack/start.ts').then((room) => room.restart)),
  );
  add(program, 'ps', 'the same as status', ['engines']).action(
    run(() => import('./stack/status.ts').then((room) => room.status)),
  );
  add(program, 'status', 'show the state of the nodes, image origin and addresses; `seed` looks at schemas and data', [
    'engines',
  ]).action(run(() => import('./stack/status.ts').then((room) => room.status)));
  add(program, 'env', 'print the environment of an application, passwords included', ['engines', 'admin'], envFormats)
    .summary('print the environment of an application')
    .addHelpText(
      'after',
      '\nThe format docker, for `docker run --env-file`, has no quotes. Load it into a shell:\n  set -a; . <(npm run --silent sandbox -- env); set +a',
    )
    .option('--file <path>', 'write it into a file that only you can read (mode 600)')
    .action(run(() => import('./stack/env.ts').then((room) => room.env), { formats: envFormats }));
  add(program, 'logs', "show what an engine's nodes write to their output", [])
    .argument('[engine...]', 'engines or nodes whose logs are meant (default: all)')
    .option('-f, --follow', 'go on until it is interrupted; with --format json one document a line')
    .option('-n, --tail <number>', 'lines of each node to begin with (default: 100)')
    .option('--lines <number>', 'the same')
    .action(run(() => import('./nodes/logs.ts').then((room) => room.logs)));
  add(program, 'wait', 'wait until every engine answers', ['engines', 'waitTimeout']).action(
    run(() => import('./stack/wait.ts').then((room) => room.wait)),
  );
  add(program, 'seed', 'load the data into the running stack and check that the stores agree', [
    'engines',
    'size',
    'seed',
    'reset',
    'strict',
  ])
    .option('--from <files...>', 'rows of your own: users.csv, users.ndjson, users.parquet, or users=people.csv')
    .option('--entity <name>', 'what the rows of --from are of, where their names do not say it')
    .option(
      '--encoding <name>',
      'of the text in --from: gb18030, utf-16le ... (default: utf-8, or what a file begins with)',
    )
    .option('--rejects <file>', 'with --from: write bad rows there and load the others (default: load nothing)')
    .action(run(() => import('./data/seed.ts').then((room) => room.seed)));
  add(
    program,
    'reset',
    'bring schemas and data back to what was loaded last; what was changed since IS LOST',
    [],
  ).action(run(() => import('./data/reset.ts').then((room) => room.reset)));
  add(program, 'dataset', 'write the dataset into files for other tools', ['size', 'seed'], datasetFormats)
    .argument('<what>', 'export')
    .option('--to <folder>', 'folder that is made for the files')
    .option(
      '--file-format <name>',
      'of the files: ndjson, csv or parquet (default: ndjson); --format with one of them is short for it',
    )
    .option('--entities <names>', 'entities, separated by commas (default: all)')
    .action(
      run(() => import('./data/dataset.ts').then((room) => room.dataset), {
        formats: datasetFormats,
      }),
    );
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
    .action(run(() => import('./scenarios.ts').then((room) => room.scenarios)));
  add(program, 'backup', 'back the running stack up into one archive, or look after those that are there', ['engines'])
    .argument('[action...]', 'list, show FILE, verify FILE or prune (default: make one)')
    .option(
      '--to <place>',
      "folder or s3://bucket/prefix of the archive (default: the stack's own, in your data folder)",
    )
    .option('--log', 'keep a log archive from now on, for engines that can be restored to any moment: restore --to')
    .option('--no-log', 'keep none any more, and REMOVE what was kept')
    .option('--retention <days>', 'remove archives there that are older, or none (default: 7)')
    .option('--webhook <url>', 'whom to tell how it ended, signed with SANDBOX_WEBHOOK_SECRET or ..._FILE')
    .option('--schedule <when>', 'go on running, and back up at HH:MM each day or by a cron expression, local time')
    .action(run(() => import('./backup/backup.ts').then((room) => room.backup)));
  add(program, 'restore', 'restore an archive beside the live data, or in its place', [
    'engines',
    'images',
    'dockerInstall',
  ])
    .argument(
      '[archive]',
      'the archive that `backup` has made: a path, or s3://bucket/prefix/name (with --to: the one that leads there)',
    )
    .option(
      '--to <moment>',
      "what was there at a moment, where a log is kept: '2026-11-29 10:00', local time, or with a zone: 2026-11-29T10:00Z",
    )
    .option('--nearest', 'with --to: take engines that cannot be restored to a moment as the archive has them')
    .option(
      '--discard',
      'restore nothing: REMOVE the copies and stacks that restores beside the live data have left, or those of --engines',
    )
    .option('--into <place>', 'restore: beside the live data; replace: in its place (default: restore)')
    .option('-y, --yes', 'replace live data without asking; a safety backup of it is taken first')
    .option(
      '--trust-archive',
      'restore it though no known key has signed it, and take rights from it that open a door: users without a password, or who may do everything',
    )
    .action(run(() => import('./backup/restore.ts').then((room) => room.restore)));
  add(program, 'bench', 'measure query paths of the running stack, compare runs, or measure how fast a stack starts', [
    'engines',
    'size',
    'images',
    'dockerInstall',
    'seed',
    'strict',
  ])
    .summary('measure query paths and compare runs, or measure how fast a stack starts')
    .argument(
      '[path...]',
      'query paths (default: all), or `compare`, `export`, `isolation`, `load`, `quality` or `startup`',
    )
    .option('--full', 'find the maximum with many clients, then offer 50 % and 80 % of it on a schedule')
    .option('--clients <number>', 'with --full: most clients that are tried (default: 16)')
    .option('--arrivals <kind>', 'with --full: constant or poisson (default: constant)')
    .option(
      '--duration <duration>',
      "a path's time in all rounds, and for each further load (default: 1s, 6s to compare)",
    )
    .option('--warm-up <duration>', 'first part of every load, which is discarded (default: 250ms)')
    .option('--rounds <number>', 'measure all paths so many times, in turns (default: 1, 24 to compare)')
    .option(
      '--url <engine=address>',
      'measure a server that the sandbox did not start; an address, env:NAME or file:PATH; once for each engine',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option(
      '--read <name=engine>',
      'ask this engine for a read of a path through several stores, where more than one offers it; once for each read',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option('--confirm-writes', 'with --url: run paths that write too, in objects of their own')
    .option('--objectives', 'exit code 1 where a service objective is missed')
    .option('--save <name>', 'keep the run as .sandbox/bench/<name>.json')
    .option('--against <name>', 'compare with a saved run, or its file; exit code 1 where something got worse')
    .option('--html <file>', 'write a page with charts')
    .option('--summary <file>', 'write a summary in Markdown, for a pull request')
    .addHelpText('after', benchExamples)
    .action(run(() => import('./bench/bench.ts').then((room) => room.bench)));
  add(program, 'quality', 'hold the data against contracts: what is wrong, how much of it, and where', [
    'engines',
    'strict',
  ])
    .argument('<action>', 'run, watch, history, explain or init')
    .argument('[check...]', 'checks: postgresql, postgresql.users, a whole name, or cross-store (default: all)')
    .option('--contracts <folder>', "contracts of your own, in a folder for each engine (default: the platform's)")
    .option('--cost <classes>', 'checks of these costs alone: constant, indexed, scan (default: all)')
    .option('--schedule <when>', 'watch: HH:MM each day or a cron expression, local time (default: every hour)')
    .option('--webhook <url>', 'watch: whom to tell how each run ended, signed with SANDBOX_WEBHOOK_SECRET or ..._FILE')
    .option('--html <file>', 'run, history: write a page with trends and the ids of what was found')
    .option('--runs <number>', 'history: newest runs that count (default: 20)')
    .option(
      '--accept-drift',
      'run: compare later runs with distributions as they are now (default: with those in order)',
    )
    .option(
      '--url <engine=address>',
      'check a server that the sandbox did not start; an address, env:NAME or file:PATH; once for each engine',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .action(run(() => import('./quality/quality.ts').then((room) => room.quality)));
  add(program, 'topology', 'draw who is primary, who follows, and how far behind', ['engines'])
    .option(
      '--watch',
      'draw it again whenever something changes, until it is interrupted; with --format json one document a line',
    )
    .action(run(() => import('./nodes/topology.ts').then((room) => room.topology)));
  add(program, 'monitor', 'watch the running stack: Prometheus, Alertmanager and an exporter for each node', [
    'images',
    'dockerInstall',
  ])
    .argument('<action>', 'up, status, open or down')
    .action(run(() => import('./monitor.ts').then((room) => room.monitor)));
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
    .action(run(() => import('./nodes/fault.ts').then((room) => room.fault)));
  add(program, 'failover', 'make another node the primary while all are well; nothing acknowledged is lost', [])
    .argument('<engine>', 'engine whose primary hands over')
    .option('--to <node>', 'node that becomes the primary (default: the one that has received most)')
    .action(run(() => import('./nodes/failover.ts').then((room) => room.failover)));
  add(program, 'open', 'open the report of the last `npm run sandbox` in a browser', []).action(
    run(() => import('./open.ts').then((room) => room.open)),
  );
  add(program, 'completion', 'print a script that completes commands and options in a shell', [])
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nFor bash and zsh:\n  source <(npm run --silent sandbox -- completion bash)')
    .action(run(() => import('./completion/completion.ts').then((room) => room.completionOf(program))));
  add(program, 'doctor', 'check this machine and say how to fix what is wrong', ['engines']).action(
    run(() => import('./machine/doctor.ts').then((room) => room.doctor)),
  );
  add(program, 'prefetch', 'make the images ready ahead of time, or carry them to a machine without a network', [
    'engines',
    'images',
    'dockerInstall',
  ])
    .option('--output <file>', 'write the images into an archive')
    .option('--input <file>', 'read the images from an archive')
    .action(run(() => import('./machine/prefetch.ts').then((room) => room.prefetch)));
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
    .action(run(() => import('./programs/exec.ts').then((room) => room.exec), { signals: 'own' }));
  add(program, 'lease', 'list stores that tests have of their own, open those of a failed test, or give them up', [])
    .argument('<action>', 'list, open LEASE or drop LEASE...')
    .argument('[lease...]', 'leases; with open: one, and after `--` a command that gets its environment')
    .option('--all', 'with drop: every lease of a failed test')
    .action(run(() => import('./programs/lease.ts').then((room) => room.lease), { signals: 'own' }));
  for (const [shell, engine] of shellPrograms()) {
    withStackOptions(program.command(shell).description(`the shell of ${engine}, inside of its node`))
      .copyInheritedSettings(program)
      .usage('[options] [-- arguments...]')
      .argument('[arguments...]', 'what the shell itself takes; its exit code is passed on')
      .passThroughOptions()
      .allowUnknownOption()
      .action(
        run(() => import('./programs/shell.ts').then((room) => room.shellCommand(shell, engine)), { signals: 'own' }),
      );
  }
  return program;
}

/** Names of all commands, for suggestions. */
export function commandNames(program: Command): readonly string[] {
  return program.commands.map((command) => command.name());
}

function add(
  program: Command,
  name: string,
  description: string,
  options: readonly SharedOption[],
  formats: readonly string[] = plainFormats,
): Command {
  return withOptions(program.command(name).description(description), options, formats).copyInheritedSettings(program);
}

/** Wires an action that is loaded when it is chosen. */
function run(load: () => Promise<Action>, special: Partial<Pick<Invocation, 'formats' | 'signals'>> = {}) {
  return async function act(this: Command): Promise<void> {
    const given = { flags: givenOptions(this), arguments: this.args };
    refusePassedOver(this, given);
    await runAction(load, { formats: plainFormats, ...special, ...given });
  };
}
