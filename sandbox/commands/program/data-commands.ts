import type { Command } from 'commander';
import { add, run } from './add-command.ts';

const datasetFormats = ['text', 'json', 'ndjson', 'csv', 'parquet'];

/** What is in the stores. */
export function addDataCommands(program: Command): void {
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
    .action(run(() => import('../data/seed.ts').then((room) => room.seed)));
  add(
    program,
    'reset',
    'bring schemas and data of the engines that run back to what was loaded last; what was changed since IS LOST',
    [],
  ).action(run(() => import('../data/reset.ts').then((room) => room.reset)));
  add(program, 'dataset', 'write the dataset into files for other tools', ['size', 'seed'], datasetFormats)
    .argument('<what>', 'export')
    .option('--to <folder>', 'folder that is made for the files')
    .option(
      '--file-format <name>',
      'of the files: ndjson, csv or parquet (default: ndjson); --format with one of them is short for it',
    )
    .option('--entities <names>', 'entities, separated by commas (default: all)')
    .action(
      run(() => import('../data/dataset.ts').then((room) => room.dataset), {
        formats: datasetFormats,
      }),
    );
}
