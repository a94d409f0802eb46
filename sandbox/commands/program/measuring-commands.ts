import type { Command } from 'commander';
import { add, eachOf, run } from './add-command.ts';

const benchExamples = `
  bench compare <before> <after>   two saved runs; exit code 1 where the second is worse
  bench export <name>              a saved run for benchstat, in Go's benchmark format
  bench startup                    how fast a stack starts
  bench load                       how fast each store is loaded, against a bare loader
  bench isolation                  how fast tests get stores of their own, against bare loops and other tools
  bench quality                    what quality checks take, against their bare questions`;
/** How fast the stores are, and how good what they hold. */
export function addMeasuringCommands(program: Command): void {
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
      eachOf,
    )
    .option(
      '--read <name=engine>',
      'ask this engine for a read of a path through several stores, where more than one offers it; once for each read',
      eachOf,
    )
    .option('--confirm-writes', 'with --url: run paths that write too, in objects of their own')
    .option('--objectives', 'exit code 1 where a service objective is missed')
    .option('--save <name>', 'keep the run as .sandbox/bench/<name>.json')
    .option('--against <name>', 'compare with a saved run, or its file; exit code 1 where something got worse')
    .option('--html <file>', 'write a page with charts')
    .option('--summary <file>', 'write a summary in Markdown, for a pull request')
    .addHelpText('after', benchExamples)
    .action(run(() => import('../bench/bench.ts').then((room) => room.bench)));
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
      eachOf,
    )
    .action(run(() => import('../quality/quality.ts').then((room) => room.quality)));
}
