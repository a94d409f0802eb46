import { isRunning, nodeLogs } from '../../../../containers/nodes/nodes.ts';
import { checked, execInNode } from '../../../../containers/runtime/exec.ts';
import { deadlineMs } from '../../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../../core/errors.ts';
import { fatal, poll } from '../../../../core/poll.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { scramVerifier } from '../../server/scram.ts';
import { archiveDirectory } from './log-archive.ts';
import type { Moment } from './log-marks.ts';

/** Where `restore_command` finds the log. */
export const stagedLogDirectory = `${archiveDirectory}/restore`;

const settingNames = [
  'restore_command',
  'recovery_target_name',
  'recovery_target_time',
  'recovery_target_timeline',
  'recovery_target_action',
] as const;

/**
 * Settings of a recovery that ends at a moment and nowhere else: without a target, a server that misses a segment comes
 * up with less data and says nothing.
 */
export function recoverySettings(until: Moment, timeline: number): string {
  const target =
    'mark' in until
      ? `recovery_target_name = ${quoted(until.mark)}`
      : // Abbreviations, `Z` among them, are not known yet when the file is read.
        `recovery_target_time = ${quoted(until.time.toISOString().replace('Z', '+00'))}`;
  return [
    `restore_command = ${quoted(`cp "${stagedLogDirectory}/%f" "%p"`)}`,
    target,
    `recovery_target_timeline = ${quoted(String(timeline))}`,
    `recovery_target_action = 'promote'`,
    '',
  ].join('\n');
}

/** In a file of settings a quote is written twice, and a backslash begins what C has (`DeescapeQuotedString` of guc-file.l). */
function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll("'", "''");
  return `'${escaped}'`;
}

/** Over the socket, as the server's own user: the passwords are still those of the backup. */
async function ask(target: RunningEngine, statement: string): Promise<string> {
  const command = ['psql', '--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];
  const options = { user: 'postgres', input: statement };
  return checked(
    await execInNode(firstNode(target), [...command, '--dbname=postgres'], options),
    'psql',
    'postgresql',
  ).output.trim();
}

/** Throws `RESTORE_FAILED` with the server's last lines where it does not reach the moment. */
export async function untilPromoted(target: RunningEngine): Promise<void> {
  const node = firstNode(target);
  const failed = async (reason: string) =>
    new SandboxError({
      code: 'RESTORE_FAILED',
      engine: 'postgresql',
      message: `The restored server does not reach the moment that was asked for: ${reason}.`,
      next: 'Its last lines are below. The target has its own files again.',
      evidence: await nodeLogs(node, 30),
    });
  await poll(
    async () => {
      if (!(await isRunning(node))) throw fatal(await failed('it ended'));
      return (await ask(target, 'SELECT pg_is_in_recovery();')) === 'f';
    },
    { timeoutMs: deadlineMs('nodeReady'), onTimeout: (last) => new Error(messageOf(last)) },
  ).catch(async (thrown: unknown) => {
    throw thrown instanceof SandboxError && thrown.code === 'RESTORE_FAILED' ? thrown : await failed(messageOf(thrown));
  });
}

/** The superuser gets the stack's password, and the settings of the recovery go. */
export async function forgetRecovery(target: RunningEngine): Promise<void> {
  // As its verifier: the password itself is in no statement.
  const verifier = scramVerifier(target.secrets.postgres ?? '');
  const resets = settingNames.map((name) => `ALTER SYSTEM RESET ${name};`);
  await ask(target, [`ALTER ROLE postgres PASSWORD '${verifier}';`, ...resets, 'SELECT pg_reload_conf();'].join('\n'));
}
