import { withoutUndefined } from '../../core/without-undefined.ts';
import { engineNames } from '../../engines/engine-names.ts';
import type { IsolationChoice } from '../../harness/lease-settings.ts';
import { terminalOf } from '../../report/terminal.ts';
import { stackEnvironment } from '../../stack/attach/attach-stack.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { badOption, parseIsolation, parseWholeNumber } from '../options/names.ts';
import { chosenEngines, identityOf } from '../options/stack-options.ts';
import type { Action, ActionContext } from '../run-action.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

/**
 * Runs a command with the stack's environment, where the caller stands and with the caller's own programs, and ends as it
 * ended. Engines that are down or paused are no reason to refuse: what a service does without them is often the question.
 * With `--lease` it has stores of its own instead, which are given back when it ends, however that is.
 */
export const exec: Action = async (context) => {
  refuseEngines(context.arguments);
  if (context.flags.lease === true) return { exitCode: await runLeased(context) };
  const environment = await stackEnvironment({
    ...identityOf(context),
    ...chosenEngines(context),
    admin: context.flags.admin === true,
  });
  const { exitCode } = await runCommand(context.arguments, environment);
  return { exitCode };
};

/** `exec --lease postgresql,redis -- npm test`: an option that takes no value was given one, which would be run. */
function refuseEngines([command = '']: readonly string[]): void {
  const words = command.split(',');
  if (words.length === 1 || !words.every((word) => engineNames.some((name) => name === word))) return;
  throw badOption(`exec: \`${command}\` are engines, and no command.`, `Write \`--engines ${command}\`.`);
}

async function runLeased(context: ActionContext): Promise<number> {
  const { keepFailed, isolation } = context.flags;
  const settings = {
    ...(keepFailed === undefined ? {} : { keepFailed: parseWholeNumber(keepFailed, 0, '--keep-failed') }),
    ...(isolation === undefined ? {} : { isolation: await parsedModes(String(isolation)) }),
  };
  const waits = withoutUndefined({ waitMs: context.settings.waitTimeoutMs });
  const [{ checkSettings }, { harnessOf }, { describeQueries }, { attachStack }] = await Promise.all([
    import('../../harness/check-options.ts'),
    import('../../harness/harness-of.ts'),
    import('../../harness/insight/describe-queries.ts'),
    import('../../stack/attach/attach-stack.ts'),
  ]);
  checkSettings({ ...settings, ...waits });
  const { engines } = await attachStack({ ...identityOf(context), ...chosenEngines(context) });
  await using harness = await harnessOf({
    identity: stackIdentity(identityOf(context)),
    engines: [...engines.keys()],
    ...settings,
    ...waits,
  });
  const label = context.arguments.join(' ');
  const lease = await harness.lease({ label });
  // A command that cannot be run leaves nothing to look at.
  let ended: CommandEnd = { exitCode: 0, wasInterrupted: false };
  try {
    ended = await runCommand(context.arguments, lease.environment);
  } finally {
    const failed = ended.exitCode !== 0 && !ended.wasInterrupted;
    const { kept, queries } = await lease.release({ failed });
    const lines = queries === undefined ? [] : describeQueries(label, queries);
    for (const line of [...lines, ...(kept === undefined ? [] : [kept])]) terminalOf(process.stderr).write(`${line}\n`);
  }
  return ended.exitCode;
}

/** Throws before anything is looked at. */
async function parsedModes(text: string): Promise<IsolationChoice> {
  const { chosenModes } = await import('../../harness/isolation-choice.ts');
  const { modes, rolledBack } = await chosenModes(parseIsolation(text, '--isolation'), '--isolation');
  const [inProcess] = rolledBack;
  if (inProcess === undefined) return modes;
  throw badOption(
    `--isolation: what is rolled back is one session, which no command can be given: ${inProcess}.`,
    `Leave it out, or choose it where the tests run: openHarness({ isolation: { ${inProcess}: 'rolled-back' } }).`,
  );
}
