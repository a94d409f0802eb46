import { Client, DatabaseError } from 'pg';
import { SandboxError } from '../../../core/errors.ts';
import type { Place, RolledBack, RolledBackSession } from '../../contract/isolation.ts';

/** Tells a transaction of ours from one that the work has begun itself. */
const savepoint = 'taishang_sandbox_test';

/** One session in a transaction for each test. A test of it holds every one of the limits. */
export const rolledBack: RolledBack<Client> = {
  limits: [
    'a number that a sequence has given is not given again',
    'now() is the time at which the test began, throughout',
    'deferred constraints are not checked, unless SET CONSTRAINTS ALL IMMEDIATE asks for it',
    'NOTIFY reaches nobody, and no replication sees what was done: both begin with a commit',
    'after one error every statement fails, unless a SAVEPOINT of the test is rolled back to',
    'VACUUM, CREATE INDEX CONCURRENTLY and CREATE DATABASE are refused',
    'the work must not commit: another client, and a service in another process, sees nothing of it',
  ],
  open,
};

async function open({ uri }: Place): Promise<RolledBackSession<Client>> {
  const client = new Client({ connectionString: uri });
  client.on('error', () => {});
  await client.connect();
  await begin(client);
  return {
    client,
    async takeBack() {
      await rollBack(client);
      await begin(client);
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

async function begin(client: Client): Promise<void> {
  await client.query(`BEGIN; SAVEPOINT ${savepoint}`);
}

/** Locks of the session are no part of a transaction, and go with it all the same. */
async function rollBack(client: Client): Promise<void> {
  try {
    await client.query(`ROLLBACK TO ${savepoint}`);
  } catch (thrown) {
    if (thrown instanceof DatabaseError) throw committed(thrown);
    throw thrown;
  } finally {
    await client.query('ROLLBACK; SELECT pg_advisory_unlock_all()');
  }
}

function committed(cause: DatabaseError): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'postgresql',
    message:
      'The work has ended the transaction that was to be rolled back: what it did may have been committed, and stays.',
    next: 'Give this test a place of its own, and drop this one.',
    cause,
  });
}
