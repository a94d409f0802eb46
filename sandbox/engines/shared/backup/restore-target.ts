import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { execInNode } from '../../../containers/runtime/exec.ts';
import { type ErrorCode, messageOf, SandboxError } from '../../../core/errors.ts';

/** Ways in which the target of a restore is refused before it is touched. */
export type TargetRefusal = Extract<ErrorCode, `RESTORE_${string}`>;

/** The error of a target that a restore cannot use. */
export function targetRefused(code: TargetRefusal, engine: string, reason: string): SandboxError {
  return new SandboxError({
    code,
    engine,
    message: `The target of the restore cannot be used: ${reason}.`,
    next: `${nextStepOf[code] ?? 'Restore into a fresh node.'} Nothing was changed.`,
  });
}

const nextStepOf: Partial<Record<TargetRefusal, string>> = {
  RESTORE_TARGET_FULL: 'Make room where the engine keeps its data.',
  RESTORE_PASSWORD_WRONG: 'Use the passwords of the stack that is restored into.',
  RESTORE_NO_RIGHTS: 'Give the server the right to write its own data.',
};

/** The error of a target that holds something already. */
export function targetNotEmpty(engine: string, found: string): SandboxError {
  return targetRefused('RESTORE_TARGET_NOT_EMPTY', engine, `it holds ${found} already`);
}

/**
 * Refuses a node whose folder `path` has less than `sizeBytes` free: `RESTORE_TARGET_FULL`.
 * Asks `df` in the container, so that a volume of limited size counts as what it is.
 */
export async function requireRoom(node: NodeHandle, path: string, sizeBytes: number): Promise<void> {
  const freeBytes = await freeBytesOf(node, path);
  if (freeBytes >= sizeBytes) return;
  const reason = `${path} of ${node.name} has ${freeBytes} bytes free, and ${sizeBytes} are needed`;
  throw targetRefused('RESTORE_TARGET_FULL', node.engine, reason);
}

/** How many bytes are free in a folder of a node. */
export async function freeBytesOf(node: NodeHandle, path: string): Promise<number> {
  const { exitCode, output, errorOutput } = await execInNode(node, ['df', '--output=avail', '-B1', path]);
  const freeBytes = Number(output.trim().split('\n').at(-1));
  if (exitCode === 0 && Number.isFinite(freeBytes)) return freeBytes;
  throw new Error(`df in ${node.name}: ${errorOutput || output}`);
}

/** Refuses a node whose folder `path` cannot be written by the server's `user` (name or id): `RESTORE_NO_RIGHTS`. */
export async function requireWritable(node: NodeHandle, path: string, user: string): Promise<void> {
  const { exitCode } = await execInNode(node, ['test', '-w', path], { user });
  if (exitCode === 0) return;
  throw targetRefused('RESTORE_NO_RIGHTS', node.engine, `${user} may not write ${path} of ${node.name}`);
}

/**
 * Runs `login`, which logs in as the user that restores; an error for which `isWrongPassword` holds becomes
 * `RESTORE_PASSWORD_WRONG`.
 */
export async function requirePassword<Value>(
  engine: string,
  login: () => Promise<Value>,
  isWrongPassword: (thrown: unknown) => boolean,
): Promise<Value> {
  try {
    return await login();
  } catch (thrown) {
    if (!isWrongPassword(thrown)) throw thrown;
    throw targetRefused('RESTORE_PASSWORD_WRONG', engine, messageOf(thrown));
  }
}
