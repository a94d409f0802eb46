import type { BenchReport } from '../../../bench/results.ts';
import { formatCount } from '../../core/text/format-count.ts';
import type { Colors } from '../colors.ts';
import { left, right } from '../columns.ts';
import { formatTable } from '../table.ts';
import { formatMicroseconds } from '../units.ts';

/** Up to so many paths are shown with what their time is made of; a page has it for all. */
const pathsInDetail = 6;

/** Kinds of parameters of a few paths, and the hops of those that have some. */
export function formatParts({ paths }: BenchReport, colors: Colors): readonly string[] {
  const single = paths.filter(({ kinds }) => kinds !== undefined);
  const withKinds = single.length <= pathsInDetail ? single : [];
  const figures = ({ samples, p50Us, p99Us }: { samples: number; p50Us: number; p99Us: number }) => [
    formatCount(samples),
    ...[p50Us, p99Us].map((us) => (samples === 0 ? '-' : formatMicroseconds(us))),
  ];
  const kindRows = withKinds.flatMap(({ engine, path, kinds = [] }) =>
    kinds.map((each) => [engine, path, each.kind, `${Math.round(each.share * 100)} %`, ...figures(each)]),
  );
  const hopRows = single.flatMap(({ engine, path, hops = [] }) =>
    hops.map((each) => [engine, path, each.hop, ...figures(each)]),
  );
  const last = right('samples', 'p50', 'p99');
  const kindColumns = [...left('engine', 'path', 'parameters'), ...right('share'), ...last];
  const hopColumns = [...left('engine', 'path', 'hop'), ...last];
  return [
    ...(kindRows.length === 0 ? [] : [formatTable(kindColumns, kindRows, colors)]),
    ...(hopRows.length === 0 ? [] : [formatTable(hopColumns, hopRows, colors)]),
  ];
}

/** Of approximate searches: with the path's own width, or the whole curve where it was measured. */
export function formatRecall({ recall, paths }: BenchReport, colors: Colors): readonly string[] {
  const own = paths.flatMap((path) => (path.recall === undefined ? [] : [{ ...path, recall: path.recall }]));
  if (recall.length === 0 && own.length === 0) return [];
  if (recall.length === 0) {
    const columns = [...left('engine', 'path'), ...right('ef', 'recall', 'returned', 'p50', 'p99')];
    const rows = own.map(({ engine, path, recall: { k, ef, ...found }, p50Us, p99Us }) => [
      engine,
      path,
      String(ef),
      `${found.recall.toFixed(3)} at ${k}`,
      `${found.returned.toFixed(1)} of ${k}`,
      ...[p50Us, p99Us].map(formatMicroseconds),
    ]);
    return [formatTable(columns, rows, colors)];
  }
  const columns = [...left('engine', 'path'), ...right('ef', 'recall', 'returned', 'p50', 'p99')];
  const rows = recall.flatMap(({ engine, path, k, points }) =>
    points.map((point) => [
      engine,
      path,
      point.ef === null ? 'exact' : String(point.ef),
      point.recall.toFixed(3),
      `${point.returned.toFixed(1)} of ${k}`,
      formatMicroseconds(point.p50Us),
      formatMicroseconds(point.p99Us),
    ]),
  );
  return [formatTable(columns, rows, colors)];
}
