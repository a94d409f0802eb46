import { formatBench } from './bench-text.ts';
import type { Colors } from './colors.ts';
import { formatCrossStore } from './cross-store-text.ts';
import { formatScenarios } from './scenarios-text.ts';
import { formatSchemaGaps } from './schema-gaps-text.ts';
import type { SandboxReport } from './shapes.ts';
import { formatSlowestChain } from './startup-chain.ts';
import { formatEndpoints, formatStatus } from './status-text.ts';
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
