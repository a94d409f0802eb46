import openOnDesktop from 'open';
import { messageOf } from '../core/errors.ts';
import { notice } from '../core/progress.ts';
import { withFullStop } from '../core/text/full-stop.ts';
import { monitorStack, stopMonitoring } from '../monitoring/monitor-stack.ts';
import { monitorStatus } from '../monitoring/monitor-status.ts';
import { formatMonitoring } from '../report/stack/monitoring-text.ts';
import { requireDesktop } from './desktop.ts';
import { badOption, parseChoice } from './options/names.ts';
import { identityOf } from './options/stack-options.ts';
import type { Action, ActionContext, Outcome } from './run-action.ts';

const actions = { up, status, open, down } as const satisfies Readonly<Record<string, Action>>;

/** Watches the running stack by Prometheus, Alertmanager and an exporter for each node. */
export const monitor: Action = async (context) => {
  const [action = '', surplus] = context.arguments;
  const chosen = actions[parseChoice(action, Object.keys(actions) as (keyof typeof actions)[], 'monitor')];
  if (surplus !== undefined)
    throw badOption(`monitor ${action}: \`${surplus}\` is one word too many.`, 'Leave it out.');
  return chosen(context);
};

async function up(context: ActionContext): Promise<Outcome> {
  await watch(context);
  return status(context);
}

/** Starts the monitoring of the stack that a command means. */
export async function watch(context: ActionContext): Promise<void> {
  const { settings, progress, signal } = context;
  const { images, dockerInstall } = settings;
  await monitorStack({ ...identityOf(context), images, install: dockerInstall, progress, signal });
}

/** {@link watch} of a stack that was watched before its nodes were changed: that it fails is no failure of that change. */
export async function watchAgain(context: ActionContext): Promise<void> {
  await watch(context).catch((thrown) => {
    const next = 'Bring it in line with the nodes: `npm run sandbox -- monitor up`.';
    notice(
      context.progress,
      'warning',
      `The monitoring of the stack is not as it was: ${withFullStop(messageOf(thrown))} ${next}`,
    );
  });
}

async function status(context: ActionContext): Promise<Outcome> {
  const found = await monitorStatus(identityOf(context));
  return { document: found, text: (colors) => formatMonitoring(found, colors) };
}

/** Opens Prometheus's page of alerts. */
async function open(context: ActionContext): Promise<Outcome> {
  const address = `${(await monitorStatus(identityOf(context))).prometheus}/alerts`;
  requireDesktop(address);
  await openOnDesktop(address);
  return { document: { version: 1, address }, text: () => `Opened ${address}\n` };
}

async function down(context: ActionContext): Promise<Outcome> {
  const { containers, loginsLeft } = await stopMonitoring(identityOf(context));
  const left = loginsLeft.map(
    ({ nodes, reason }) => `The login is left on ${nodes.join(', ')}: ${withFullStop(reason)}\n`,
  );
  const logins = left.length === 0 ? ', and their logins' : '';
  const next = left.length === 0 ? '' : 'Once they answer, take it away: `npm run sandbox -- monitor down`.\n';
  return {
    document: { version: 1, containers, loginsLeft },
    text: () => `Monitoring is down: ${containers.length} containers removed${logins}.\n${left.join('')}${next}`,
    exitCode: loginsLeft.length === 0 ? 0 : 1,
  };
}
