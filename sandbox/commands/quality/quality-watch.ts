import { SandboxError } from '../../core/errors.ts';
import { subjectKey } from '../../quality/history/subject.ts';
import type { QualityReport } from '../../quality/run/report.ts';
import { runAgain, runUnattended } from '../../quality/run-recorded.ts';
import type { QualityOptions } from '../../quality/target.ts';
import { failedRunMessage, runMessage } from '../../quality/watch/quality-message.ts';
import { checksMeant } from '../../quality/watch/unreachable-stack.ts';
import { watchChecks } from '../../quality/watch/watch-checks.ts';
import { colorsFor } from '../../report/colors.ts';
import { formatQuality } from '../../report/quality/quality-text.ts';
import { terminalJson } from '../../report/terminal.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { withHeldLock } from '../../unattended/held-lock.ts';
import { parseSchedule } from '../../unattended/schedule.ts';
import { notifyWebhook } from '../../unattended/webhook.ts';
import { type WebhookTarget, webhookTarget } from '../../unattended/webhook-target.ts';
import type { Action, ActionContext } from '../run-action.ts';
import { qualityOptionsOf } from './quality-options.ts';

const hourly = '0 * * * *';

/** `quality watch`: runs checks at once and then every hour, until it is interrupted. */
export const qualityWatch: Action = async (context) => {
  const { flags, signal, progress } = context;
  const times = parseSchedule(typeof flags.schedule === 'string' ? flags.schedule : hourly);
  const target = typeof flags.webhook === 'string' ? await webhookTarget(flags.webhook) : undefined;
  const options = await qualityOptionsOf(context, context.arguments.slice(1));
  // Contracts that are none, and names of no check, are told before anything starts.
  await checksMeant(options);
  const stack = stackIdentity(options);
  const extension = ['quality-watch', subjectKey(options)].filter((part) => part !== '').join('-');
  const run = async (names: readonly string[]) => {
    const report = await told(target, options, () =>
      names.length === 0 ? runUnattended(options) : runAgain(options, names),
    );
    printReport(report, context);
    return report;
  };
  try {
    await withHeldLock({ stack, extension, what: 'watch over quality', code: 'QUALITY_BUSY' }, () =>
      watchChecks({ times, run, signal, progress }),
    );
  } catch (thrown) {
    // Being interrupted is how it ends.
    if (!signal.aborted) throw thrown;
  }
  return {};
};

/** Tells the webhook how a run ended; who interrupts it is not told. */
async function told(
  target: WebhookTarget | undefined,
  { progress = () => {}, signal }: QualityOptions,
  run: () => Promise<QualityReport>,
): Promise<QualityReport> {
  const beganMs = performance.now();
  const tell = async (message: ReturnType<typeof runMessage>) => {
    if (target !== undefined && !signal?.aborted) {
      await notifyWebhook(target, message, { progress, ...(signal === undefined ? {} : { signal }) });
    }
  };
  try {
    const report = await run();
    await tell(runMessage(report));
    return report;
  } catch (thrown) {
    const code = thrown instanceof SandboxError ? thrown.code : 'INTERNAL';
    await tell(failedRunMessage(code, Math.round(performance.now() - beganMs)));
    throw thrown;
  }
}

/** With `--format json`, one document a line: nobody knows which is the last. */
function printReport(report: QualityReport, { format, print }: ActionContext): void {
  print(format === 'json' ? `${terminalJson(report)}\n` : formatQuality(report, colorsFor(process.stdout)));
}
