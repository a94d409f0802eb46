import { type Advice, adviceOf } from '../../core/errors.ts';

/**
 * What errors of the sandbox say beside their messages. Vitest shows of an error of a test, and of a setup, its message
 * and no other member. Errors of tests are copies without their class.
 */
export function saidAdvice(errors: readonly unknown[]): readonly string[] {
  return errors.filter(isOfSandbox).flatMap((error) => [error.message, ...adviceOf(error)]);
}

function isOfSandbox(error: unknown): error is Advice & { readonly message: string } {
  const { name, code, next } = (error ?? {}) as Readonly<Record<string, unknown>>;
  return name === 'SandboxError' && typeof code === 'string' && typeof next === 'string';
}
