import { measureStartup } from '../../../bench/startup.ts';
import { formatStartupReport } from '../../report/bench/startup-text.ts';
import type { ActionContext, Outcome } from '../run-action.ts';

/** Measures how fast a stack starts, beside its slowest engine alone and beside Compose. */
export async function benchStartup({ settings, progress, signal }: ActionContext): Promise<Outcome> {
  const { engines, images, dockerInstall } = settings;
  const report = await measureStartup({ engines, images, dockerInstall, progress, signal });
  return { document: report, text: (colors) => formatStartupReport(report, colors) };
}
