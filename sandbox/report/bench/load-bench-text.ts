import { datasetText } from '../../../bench/environment.ts';
import type { LoadBenchReport, StoreLoad } from '../../../bench/load/load.ts';
import { formatCount } from '../../core/text/format-count.ts';
import type { Colors } from '../colors.ts';
import { formatTable } from '../table.ts';

/** Each store's load beside its bare loader and beside the generator alone. */
export function formatLoadBench(report: LoadBenchReport, colors: Colors): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    { title: 'store' },
    { title: 'loader' },
    right('rows'),
    right('seconds'),
    right('rows/s'),
    right('MB/s'),
    right('ratio'),
    right('wanted'),
    { title: '' },
  ];
  const rows = report.stores.flatMap((store) => rowsOf(store, colors));
  const { loadBefore, loadAfter } = report.environment;
  const made = report.rowsHeld ? 'made before the time is measured' : 'made by both loaders as they go';
  return [
    formatTable(columns, rows, colors),
    `Generator alone, all entities: ${formatCount(report.generator.rows)} rows, ${formatCount(report.generator.rowsPerS)} rows/s, ${report.generator.megabytesPerS} MB/s`,
    ...report.notRun.map(({ engine, reason }) => `${engine}: not run: ${reason}`),
    `Medians of ${report.rounds} rounds in turns, the ratio that of each round; ${datasetText(report.environment)}, rows ${made}.`,
    'MB: rows as JSON text, vectors as four bytes a number. Ratio of the generator: its rate over that of the load.',
    `Both left the same fingerprint each time. Load of the machine: ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after.`,
    '',
  ].join('\n');
}

function rowsOf(store: StoreLoad, colors: Colors): readonly (readonly string[])[] {
  const mark = store.met ? colors.green('met') : colors.red('missed');
  const figures = ({ seconds, rowsPerS, megabytesPerS }: StoreLoad['own']) => [
    seconds.toFixed(2),
    formatCount(rowsPerS),
    megabytesPerS.toFixed(1),
  ];
  const { generator } = store;
  const generated = ['', formatCount(generator.rowsPerS), generator.megabytesPerS.toFixed(1)];
  return [
    [
      store.engine,
      'load',
      formatCount(store.rows),
      ...figures(store.own),
      store.ratio.toFixed(2),
      store.wantedRatio.toFixed(2),
      mark,
    ],
    ['', store.bare.name, '', ...figures(store.bare), '', '', ''],
    ['', 'generator alone', '', ...generated, generator.ratio.toFixed(2), '', ''],
  ];
}
