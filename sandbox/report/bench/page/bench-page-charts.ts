import type { BenchReport, PathResult } from '../../../../bench/results.ts';
import { formatCount } from '../../../core/text/format-count.ts';
import { linearAxis, lineChart, logarithmicAxis, percentileAxis, type Series } from '../../charts.ts';
import type { Html } from '../../html.ts';
import { formatMicroseconds } from '../../units.ts';

/** Charts of one path: those that there is data for. */
export function pathCharts(report: BenchReport, rows: readonly PathResult[]): readonly Html[] {
  const [first] = rows;
  if (first === undefined) return [];
  const isOwn = (each: { readonly engine: string; readonly path: string }) =>
    each.engine === first.engine && each.path === first.path;
  return [
    distributionChart(rows),
    ...report.curves.filter(isOwn).map(throughputChart),
    ...report.recall.filter(isOwn).map(recallChart),
  ];
}

function distributionChart(rows: readonly PathResult[]): Html {
  const series: readonly Series[] = rows.map((row) => ({
    name:
      row.offeredPerS === null
        ? `closed, ${row.clients} ${row.clients === 1 ? 'client' : 'clients'}`
        : `open, ${formatCount(row.offeredPerS)}/s`,
    points: row.distribution
      .filter(({ percentile }) => percentile < 100)
      .map(({ percentile, latencyUs }) => ({
        x: percentile,
        y: latencyUs,
        note: `p${percentile} ${formatMicroseconds(latencyUs)}`,
      })),
  }));
  const points = series.flatMap((each) => each.points);
  const y = logarithmicAxis(
    'latency',
    points.map(({ y }) => y),
    formatMicroseconds,
  );
  return lineChart('Latency by percentile', percentileAxis(Math.max(90, ...points.map(({ x }) => x))), y, series);
}

function throughputChart({ points }: BenchReport['curves'][number]): Html {
  const series = (['p50Us', 'p99Us'] as const).map((figure) => ({
    name: figure === 'p50Us' ? 'p50' : 'p99',
    points: points.map((point) => ({
      x: point.achievedPerS,
      y: point[figure],
      note: `${point.clients} clients, ${formatCount(point.achievedPerS)}/s, ${formatMicroseconds(point[figure])}${point.bound === null ? '' : ', client-bound'}`,
    })),
  }));
  const most = Math.max(...points.map(({ achievedPerS }) => achievedPerS));
  const x = linearAxis('answers per second', { low: 0, high: most, end: 'round' }, formatCount);
  const values = series.flatMap((each) => each.points.map(({ y }) => y));
  const counts = points.map(({ clients }) => clients).join(', ');
  return lineChart(
    `Latency against throughput, ${counts} clients`,
    x,
    logarithmicAxis('latency', values, formatMicroseconds),
    series,
  );
}

function recallChart({ k, points, origin }: BenchReport['recall'][number]): Html {
  const searched = points.filter(({ ef }) => ef !== null);
  const series = (['p50Us', 'p99Us'] as const).map((figure) => ({
    name: figure === 'p50Us' ? 'p50' : 'p99',
    points: searched.map((point) => ({
      x: point.recall,
      y: point[figure],
      note: `ef ${point.ef}, recall ${point.recall.toFixed(3)}, ${formatMicroseconds(point[figure])}`,
    })),
  }));
  const least = Math.min(...searched.map(({ recall }) => recall));
  const low = Math.floor(Math.min(least, 0.95) * 20) / 20;
  const x = linearAxis(`recall at ${k}`, { low, high: 1, end: 'exact' }, (value) => value.toFixed(2));
  const values = series.flatMap((each) => each.points.map(({ y }) => y));
  const efs = searched.map(({ ef }) => ef).join(', ');
  const kind = origin === 'compatible' ? 'Recall of the stand-in' : 'Recall';
  return lineChart(
    `${kind} against latency, ef ${efs}`,
    x,
    logarithmicAxis('latency', values, formatMicroseconds),
    series,
  );
}
