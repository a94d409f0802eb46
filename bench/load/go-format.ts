import type { BenchReport } from '../results.ts';

/**
 * The rounds in Go's benchmark format, one line each, for `benchstat`: the p50 as `sec/op` through its `ns/op`, the
 * p90 and the bare driver's p50 as units of their own.
 */
export function formatGoBenchmarks({ environment, rounds }: BenchReport): string {
  const head = [
    `goos: ${environment.system.split(' ')[0]?.toLowerCase()}`,
    `cpu: ${environment.processor}`,
    `commit: ${environment.commit ?? 'none'}`,
    `dataset: ${environment.dataset?.size ?? 'not known'}`,
  ];
  const lines = rounds.map(({ engine, path, samples, p50Us, p90Us, referenceP50Us }) => {
    const name = `Benchmark${engine.split(' ').map(capitalised).join('')}/path=${path.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
    const figures = [
      [p50Us, 'ns/op'],
      [p90Us, 'p90-ns/op'],
      [referenceP50Us, 'bare-ns/op'],
    ] as const;
    return [name, samples, ...figures.map(([us, unit]) => `${Math.round(us * 1e3)} ${unit}`)].join('\t');
  });
  return `${[...head, ...lines].join('\n')}\n`;
}

function capitalised(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
