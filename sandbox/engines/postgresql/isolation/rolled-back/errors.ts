import { SandboxError } from '../../../../core/errors.ts';

const ownDatabases = "Give this test databases of its own: isolation: { postgresql: 'databases' }.";

export function endsTheTransaction(text: string): SandboxError {
  return refused(
    `A store that is rolled back takes no \`${text.trim().slice(0, 80)}\`: it would end the transaction around the test.`,
    `Send BEGIN, COMMIT and ROLLBACK each by itself, without AND CHAIN; two-phase commits are not possible. ${ownDatabases}`,
  );
}

export function inAnotherTransaction(): SandboxError {
  return refused(
    'Two clients of one test cannot be in transactions at once: its store is one session, which is rolled back.',
    `Let the first one commit before the second begins. ${ownDatabases}`,
  );
}

export function testIsOver(): SandboxError {
  return new SandboxError({
    code: 'LEASE_NOT_FOUND',
    engine: 'postgresql',
    message: 'The test that this client belongs to is over, and its work was rolled back.',
    next: 'Await what a test has begun before it ends.',
  });
}

export function stillRuns(): SandboxError {
  return refused(
    'A statement of the test still ran when it was over, and its session was ended. The store is made anew.',
    'Await what a test has begun before it ends.',
  );
}

export function sessionEnded(): SandboxError {
  return new SandboxError({
    code: 'LEASE_LOST',
    engine: 'postgresql',
    message:
      'The session of the test ended before the test did: its server ended it, or the test. The store is made anew.',
    next: `End no session of your own, and see whether the server runs. ${ownDatabases}`,
  });
}

export function committed(): SandboxError {
  return refused(
    'The work has ended the transaction that was to be rolled back: what it did may have been committed. The store is made anew.',
    ownDatabases,
  );
}

function refused(message: string, next: string): SandboxError {
  return new SandboxError({ code: 'NOT_SUPPORTED', engine: 'postgresql', message, next });
}
