import type { CaseResult } from '../../../scenarios/results.ts';
import type { Colors } from '../colors.ts';
import { formatBytes, formatDuration } from '../units.ts';

type Measures = NonNullable<CaseResult['measures']>;

/** Figures of a case as a line, for cases whose figures are what they are run for. */
export function figuresOf({ engine, topology, case: name, measures = {} }: CaseResult, colors: Colors): string[] {
  const texts = [lossesOf(measures), recoveryOf(measures), costOf(measures), alertOf(measures)];
  return texts.flatMap((text) =>
    text === undefined ? [] : [`  ${colors.dim('figures')} ${engine} ${topology} / ${name}: ${text}`],
  );
}

/** What a failover drill lost and how long it took, beside its target. */
function lossesOf(measures: Measures): string | undefined {
  if (measures.attempted === undefined) return undefined;
  const { ok, lost, unknown, clientOutageP50Ms, clientOutageMaxMs, clientOutageTargetMs, recoveryPointMs } = measures;
  const target = clientOutageTargetMs === undefined ? '' : ` (target ${clientOutageTargetMs})`;
  const write =
    clientOutageP50Ms === undefined
      ? ''
      : `; clients without a write p50 ${clientOutageP50Ms}, max ${clientOutageMaxMs} ms${target}`;
  const reach = lost === 0 ? '' : `, reaching back ${recoveryPointMs} ms`;
  return `${ok} ok, ${unknown} unknown, ${lost} lost${reach}${write}`;
}

/** How long the recovery of the platform took, and how much there was. */
function recoveryOf({ recoveryTimeMs, downtimeMs, backupMs, archiveBytes }: Measures): string | undefined {
  if (recoveryTimeMs === undefined || downtimeMs === undefined) return undefined;
  const [recovery, downtime, backup] = [recoveryTimeMs, downtimeMs, backupMs].map((ms) => formatDuration(Number(ms)));
  return `${formatBytes(Number(archiveBytes))}; backup ${backup}, recovery ${recovery}, of which nothing answered for ${downtime}`;
}

/** What backup and restore cost beside the engine's own tool. */
function costOf({ bareTool, backupMs, backupRatio, restoreMs, restoreRatio }: Measures): string | undefined {
  if (bareTool === undefined || restoreRatio === undefined) return undefined;
  const [backup, restore] = [backupMs, restoreMs].map((ms) => formatDuration(Number(ms)));
  return `backup ${backup} (${backupRatio} times ${bareTool}), restore ${restore} (${restoreRatio} times)`;
}

/** How long an alert took to be received, and its end, beside what the files allow; and what the specification's one did. */
function alertOf(measures: Measures): string | undefined {
  const { receivedMs, receivedBoundMs, clearedMs, clearedBoundMs, asSpecified } = measures;
  const within = (what: string, tookMs: Measures[string] | undefined, boundMs: Measures[string] | undefined) =>
    tookMs === undefined || boundMs === undefined
      ? []
      : [`${what} after ${formatDuration(Number(tookMs))} (at most ${formatDuration(Number(boundMs))})`];
  const texts = [
    ...within('received', receivedMs, receivedBoundMs),
    ...within('over', clearedMs, clearedBoundMs),
    ...(asSpecified === undefined ? [] : [`as specified it ${asSpecified}`]),
  ];
  return texts.length === 0 ? undefined : texts.join('; ');
}
