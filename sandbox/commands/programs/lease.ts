import { SandboxError } from '../../core/errors.ts';
import { type BrokerStatus, environmentOf } from '../../harness/broker/protocol/messages.ts';
import { dropLeases, listLeases, showLease } from '../../harness/looked-at.ts';
import type { Colors } from '../../report/colors.ts';
import { left } from '../../report/columns.ts';
import { formatDotenv } from '../../report/stack/dotenv.ts';
import { formatTable } from '../../report/table.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { badOption, parseChoice } from '../options/names.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action, ActionContext, Outcome } from '../run-action.ts';
import { runCommand } from './run-command.ts';

const actions = { list, open, drop } as const satisfies Readonly<Record<string, Action>>;

/** Lists the stores that tests have, and looks after those that failed tests have left. */
export const lease: Action = async (context) => {
  const [action = '', ...given] = context.arguments;
  const known = Object.keys(actions) as (keyof typeof actions)[];
  return actions[parseChoice(action, known, 'lease')]({ ...context, arguments: given });
};

async function list(context: ActionContext): Promise<Outcome> {
  const [surplus] = context.arguments;
  if (surplus !== undefined) throw badOption(`lease list: \`${surplus}\` is one word too many.`, 'Leave it out.');
  const identity = stackIdentity(identityOf(context));
  const status = await listLeases(identity);
  return {
    document: { version: 1, stack: identity.name, ...status },
    text: (colors) => formatLeases(status, colors),
  };
}

/** Runs a command with the stores of a lease, or prints their environment. */
async function open(context: ActionContext): Promise<Outcome> {
  const [id, ...command] = context.arguments;
  const { lease: shown, places } = await showLease(stackIdentity(identityOf(context)), parseId(id));
  const environment = environmentOf(places);
  if (command.length > 0) {
    const { exitCode } = await runCommand(command, environment);
    return { exitCode };
  }
  return { document: { version: 1, lease: shown, stores: places }, text: () => formatDotenv(environment) };
}

async function drop(context: ActionContext): Promise<Outcome> {
  const all = context.flags.all === true;
  if (all === context.arguments.length > 0)
    throw badOption('lease drop takes leases, or --all.', 'Name those that `lease list` shows.');
  const ids = all ? 'all' : context.arguments.map(parseId);
  const dropped = await dropLeases(stackIdentity(identityOf(context)), ids);
  return { document: { version: 1, dropped }, text: () => `${dropped.length} dropped\n` };
}

function parseId(id = ''): string {
  if (/^[0-9a-f]{8}$/.test(id)) return id;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `\`${id}\` is no lease: they have eight hexadecimal digits.`,
    next: '`npm run sandbox -- lease list` names those that there are.',
  });
}

function formatLeases({ leases, problems }: BrokerStatus, colors: Colors): string {
  const rows = leases.map(({ id, state, engines, processId, since, until, label }) => [
    ...[id, state, engines.join(' '), String(processId), since],
    ...[until ?? '', label],
  ]);
  const columns = left('lease', 'state', 'engines', 'process', 'since', 'kept until', 'for');
  const table = leases.length === 0 ? 'no leases\n' : formatTable(columns, rows, colors);
  return [table, ...problems.map((problem) => `${problem}\n`)].join('');
}
