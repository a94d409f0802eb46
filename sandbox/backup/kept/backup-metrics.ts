import { nowMs } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { notice, type ProgressListener } from '../../core/progress.ts';
import { publishedMetrics, publishMetrics } from '../../stack/state/published-metrics.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { readState } from '../../stack/state/stack-state.ts';

/** What the alert BackupTooOld reads. */
const metric = 'taishang_backup_last_success_timestamp_seconds';

/**
 * Publishes that these engines were backed up now. One that was left out keeps the time of its own last backup, so that it is
 * alerted although others are backed up; one that the stack has no more is forgotten.
 * A backup that is made does not fail because nobody could be told.
 */
export async function publishBackup(
  identity: StackIdentity,
  archived: readonly string[],
  progress: ProgressListener,
): Promise<void> {
  try {
    const [published, state] = await Promise.all([
      publishedMetrics(identity),
      readState(identity.directory, identity.name),
    ]);
    const before = parseTimes(published.find(({ name }) => name === 'backup')?.content ?? '');
    const nowSeconds = Math.round(nowMs() / 1_000);
    const times = Object.keys(state?.engines ?? {}).flatMap((engine): readonly (readonly [string, number])[] => {
      const time = archived.includes(engine) ? nowSeconds : before.get(engine);
      return time === undefined ? [] : [[engine, time]];
    });
    await publishMetrics(identity, { name: 'backup', content: formatTimes(times) });
  } catch (thrown) {
    notice(progress, 'warning', `Monitoring is not told of the backup: ${messageOf(thrown)}`);
  }
}

function formatTimes(times: readonly (readonly [engine: string, seconds: number])[]): string {
  return [
    `# HELP ${metric} When the last backup of an engine was complete, in seconds since 1970.`,
    `# TYPE ${metric} gauge`,
    ...times.map(([engine, seconds]) => `${metric}{engine="${engine}"} ${seconds}`),
    '',
  ].join('\n');
}

function parseTimes(text: string): ReadonlyMap<string, number> {
  const found = text.matchAll(/^\w+\{engine="([\w-]+)"\} (\d+)$/gm);
  return new Map([...found].map(([, engine = '', seconds]) => [engine, Number(seconds)]));
}
