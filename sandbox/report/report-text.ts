import { formatBench } from './bench/bench-text.ts';
import { formatSlowestChain } from './bench/startup-chain.ts';
import type { Colors } from './colors.ts';
import { formatScenarios } from './scenarios-text.ts';
import type { SandboxReport } from './shapes.ts';
import { formatCrossStore } from './stack/cross-store-text.ts';
import { formatSchemaGaps } from './stack/schema-gaps-text.ts';
import { formatEndpoints, formatStatus } from './stack/status-text.ts';
import { formatHeading } from './table.ts';
import { formatDuration } from './units.ts';

/** The report of the main job for a terminal; the endpoints come last, where the eye ends. */
export function formatReport(report: SandboxReport, files: readonly string[], colors: Colors): string {
  const { status, startup, dataset, crossStore, schemaGaps, scenarios, bench } = report;
  const paint = { pass: colors.green, fail: colors.red, unknown: colors.yellow }[report.verdict];
  return [
    formatHeading('Stack', colors),
    formatStatus(status, colors),
    ...(startup.length === 0 ? [] : [`\n${formatSlowestChain(startup, colors)}`]),
    ...(dataset === undefined
      ? []
      : [
          formatHeading('Data', colors),
          `${dataset.size}, seed ${dataset.seed}, fingerprint ${dataset.fingerprint}\n`,
          ...(crossStore === undefined ? [] : [formatCrossStore(crossStore, colors)]),
        ]),
    formatSchemaGaps(schemaGaps, colors),
    formatHeading('Suites', colors),
    formatScenarios(scenarios, colors),
    ...(bench === undefined ? [] : [formatHeading('Query paths', colors), formatBench(bench, colors)]),
    formatHeading('The stack stays up', colors),
    formatEndpoints(status, colors),
    `\n${paint(report.verdict)} in ${formatDuration(report.durationMs)}; report: ${files.join(', ') || 'in no file'}\n`,
  ].join('');
}
