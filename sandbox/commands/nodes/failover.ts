import { formatDuration } from '../../report/units.ts';
import { handOver } from '../../stack/attach/hand-over.ts';
import { parseEngine } from '../options/names.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';

/** Makes another node the primary while all are well; nothing that was acknowledged is lost. */
export const failover: Action = async (context) => {
  const engine = parseEngine(context.arguments[0] ?? '', 'failover');
  const { to } = context.flags;
  const report = await handOver({
    ...identityOf(context),
    engine,
    ...(to === undefined ? {} : { to: String(to) }),
  });
  return {
    document: report,
    text: () => `${report.to} took over from ${report.from} within ${formatDuration(report.tookMs)}\n`,
  };
};
